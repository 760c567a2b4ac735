// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Terms, Tier, Witness} from "./Terms.sol";
import {Calendar} from "./Calendar.sol";

/// @notice The address in memory of packed terms. Every field is one load and one shift away.
type TermsCode is uint256;

using TermsCodec for TermsCode global;

/// @title The terms as they stand in the code of a clone, behind the 45 bytes of the minimal proxy.
///
/// Big-endian, no padding; offset and width in bytes:
///
///      0  32  hash of the terms            116   4  bindWindows          T tiers from 217, 28 bytes each:
///     32  20  provider                     120  12  cap                     0  12  payout
///     52  20  customer                     132   1  calendar               12   8  num
///     72  20  asset                        133   1  early                  20   8  den
///     92   8  start                        134   1  m                    n witnesses behind them, 52 bytes each:
///    100   4  length                       135   1  n                       0  20  key
///    104   4  count                        136   1  T                      20  32  node
///    108   4  settleDelay                  137   8  nonce
///    112   4  claimWindow                  145   4  maxSkewMs
///                                          149   4  capWindows
///                                          153  32  gauge
///                                          185  32  document
///
/// `bindWindows` is the length of a cap period where the cap can bind, else 0 (protocol section 7).
library TermsCodec {
    /// @notice The code was called without being a clone: there are no terms, so there is nothing to do.
    error NotAClone();

    uint256 private constant PROXY_BYTES = 45;
    uint256 private constant TIERS_AT = 217;
    uint256 private constant TIER_BYTES = 28;
    uint256 private constant WITNESS_BYTES = 52;
    /// First ten bytes of an EIP-1167 proxy.
    uint256 private constant PROXY_PREFIX = 0x363d3d373d3d3d363d73;

    /// @notice The bytes that become the immutable arguments of the clone for `t`, whose hash is `name`.
    function pack(Terms calldata t, bytes32 name) internal pure returns (bytes memory packed) {
        packed = abi.encodePacked(
            name, t.provider, t.customer, t.asset, t.start, t.length, t.count, t.settleDelay, t.claimWindow
        );
        packed = abi.encodePacked(
            packed,
            bindWindowsOf(t),
            t.cap,
            t.calendar,
            t.early,
            t.m,
            uint8(t.witnesses.length),
            uint8(t.tiers.length),
            t.nonce
        );
        packed = abi.encodePacked(packed, t.maxSkewMs, t.capWindows, t.gauge, t.document);
        for (uint256 i = 0; i < t.tiers.length; i++) {
            packed = abi.encodePacked(packed, t.tiers[i].payout, t.tiers[i].num, t.tiers[i].den);
        }
        for (uint256 i = 0; i < t.witnesses.length; i++) {
            packed = abi.encodePacked(packed, t.witnesses[i].key, t.witnesses[i].node);
        }
    }

    /// @notice Windows per cap period, or 0 where even the dearest period stays within the cap.
    function bindWindowsOf(Terms calldata t) internal pure returns (uint32) {
        uint32 period = t.capWindows == 0 || t.capWindows > t.count ? t.count : t.capWindows;
        uint256 dearest = uint256(period) * t.tiers[t.tiers.length - 1].payout;
        return dearest > t.cap ? period : 0;
    }

    /// @notice Copies the terms of the running clone into memory.
    function load() internal view returns (TermsCode) {
        uint256 position;
        uint256 first;
        assembly ("memory-safe") {
            let size := extcodesize(address())
            position := mload(0x40)
            extcodecopy(address(), position, 0, size)
            mstore(0x40, and(add(add(position, size), 63), not(31)))
            first := mload(position)
        }
        if (first >> 176 != PROXY_PREFIX) revert NotAClone();
        return TermsCode.wrap(position + PROXY_BYTES);
    }

    /// @notice All fields again, as they were given to `open`.
    function unpack(TermsCode code) internal pure returns (Terms memory t) {
        t.provider = code.provider();
        t.customer = code.customer();
        t.asset = code.asset();
        t.gauge = bytes32(code._field(153, 32));
        t.document = bytes32(code._field(185, 32));
        t.calendar = uint8(code.calendar());
        t.length = uint32(code.length());
        t.start = uint64(code.start());
        t.count = uint32(code.count());
        t.early = code.early();
        t.settleDelay = uint32(code.settleDelay());
        t.claimWindow = uint32(code.claimWindow());
        t.maxSkewMs = uint32(code._field(145, 4));
        t.cap = uint96(code.cap());
        t.capWindows = uint32(code._field(149, 4));
        t.m = uint8(code.m());
        t.nonce = uint64(code._field(137, 8));
        t.tiers = new Tier[](code.tierCount());
        for (uint256 i = 0; i < t.tiers.length; i++) {
            uint256 position = TIERS_AT + TIER_BYTES * i;
            t.tiers[i] = Tier(uint64(code._field(position + 12, 8)), uint64(code._field(position + 20, 8)), uint96(code._field(position, 12)));
        }
        t.witnesses = new Witness[](code.witnessCount());
        for (uint256 i = 0; i < t.witnesses.length; i++) {
            t.witnesses[i] = Witness(code.key(i), bytes32(code._field(_witnessAt(code, i) + 20, 32)));
        }
    }

    /// @notice EIP-712 hash of the terms.
    function hash(TermsCode code) internal pure returns (bytes32) {
        return bytes32(code._field(0, 32));
    }

    function provider(TermsCode code) internal pure returns (address) {
        return address(uint160(code._field(32, 20)));
    }

    function customer(TermsCode code) internal pure returns (address) {
        return address(uint160(code._field(52, 20)));
    }

    function asset(TermsCode code) internal pure returns (address) {
        return address(uint160(code._field(72, 20)));
    }

    function start(TermsCode code) internal pure returns (uint256) {
        return code._field(92, 8);
    }

    function length(TermsCode code) internal pure returns (uint256) {
        return code._field(100, 4);
    }

    function count(TermsCode code) internal pure returns (uint256) {
        return code._field(104, 4);
    }

    function settleDelay(TermsCode code) internal pure returns (uint256) {
        return code._field(108, 4);
    }

    function claimWindow(TermsCode code) internal pure returns (uint256) {
        return code._field(112, 4);
    }

    function bindWindows(TermsCode code) internal pure returns (uint256) {
        return code._field(116, 4);
    }

    function cap(TermsCode code) internal pure returns (uint256) {
        return code._field(120, 12);
    }

    function calendar(TermsCode code) internal pure returns (uint256) {
        return code._field(132, 1);
    }

    function early(TermsCode code) internal pure returns (bool) {
        return code._field(133, 1) != 0;
    }

    function m(TermsCode code) internal pure returns (uint256) {
        return code._field(134, 1);
    }

    function witnessCount(TermsCode code) internal pure returns (uint256) {
        return code._field(135, 1);
    }

    function tierCount(TermsCode code) internal pure returns (uint256) {
        return code._field(136, 1);
    }

    /// @notice Total for one window at tier `i + 1`.
    function payout(TermsCode code, uint256 i) internal pure returns (uint256) {
        return code._field(TIERS_AT + TIER_BYTES * i, 12);
    }

    /// @notice Report key of witness `i`, counted from 0.
    function key(TermsCode code, uint256 i) internal pure returns (address) {
        return address(uint160(code._field(_witnessAt(code, i), 20)));
    }

    /// @notice First second of window `w`; also the end of window `w - 1`.
    function windowStart(TermsCode code, uint256 w) internal pure returns (uint256) {
        return Calendar.windowStart(code.calendar(), code.start(), code.length(), w);
    }

    function _witnessAt(TermsCode code, uint256 i) private pure returns (uint256) {
        unchecked {
            return TIERS_AT + TIER_BYTES * code.tierCount() + WITNESS_BYTES * i;
        }
    }

    /// @dev The `width` bytes at `offset` as a number.
    function _field(TermsCode code, uint256 offset, uint256 width) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(sub(256, mul(8, width)), mload(add(code, offset)))
        }
    }
}
