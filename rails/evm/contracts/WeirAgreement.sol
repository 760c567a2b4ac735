// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Bits} from "./Bits.sol";
import {IWeirAgreement} from "./IWeirAgreement.sol";
import {Push} from "./Push.sol";
import {Signatures} from "./Signatures.sol";
import {Terms} from "./Terms.sol";
import {TermsCode, TermsCodec} from "./TermsCode.sol";

/// @title The code all agreements share; each agreement is a clone of it with its terms behind the proxy.
/// @dev Protocol section 7 numbers the checks of `report`; the comments here repeat those numbers.
contract WeirAgreement is IWeirAgreement {
    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant BREACH_TYPE =
        keccak256("Breach(bytes32 terms,uint64 epoch,uint64 word,uint256 mask,uint8 tier,bytes32 evidenceRoot)");
    string private constant NAME = "weir";
    string private constant VERSION = "1";

    /// Bits of a word that hold windows; they are shared out evenly among the tiers.
    uint256 private constant WORD_BITS = 255;
    uint256 private constant PRIME_BIT = 1 << 255;

    /// @inheritdoc IWeirAgreement
    mapping(uint64 word => uint256) public override lanes;
    /// @inheritdoc IWeirAgreement
    mapping(uint256 period => uint256) public override used;
    /// @inheritdoc IWeirAgreement
    uint256 public override owed;
    /// 1 while a function that moves money runs.
    uint256 private transient _busy;

    /// @dev 7.1, for everything that moves money.
    modifier locked() {
        if (_busy != 0) revert Locked();
        _busy = 1;
        _;
        _busy = 0;
    }

    /// @notice Funding, where the asset is the native coin.
    receive() external payable {
        if (TermsCodec.load().asset() != address(0)) revert WrongAsset();
    }

    /// @notice Sets the bit that makes the first report cheaper. The factory calls it; again it changes nothing.
    function prime() external {
        TermsCodec.load();
        lanes[0] |= PRIME_BIT;
    }

    /// @inheritdoc IWeirAgreement
    function report(
        uint64 epoch,
        uint64 word,
        uint256 mask,
        uint8 tier,
        bytes32 evidenceRoot,
        uint256 who,
        bytes calldata sigs
    ) external override locked {
        if (epoch != 0) revert WrongEpoch(); // 2
        TermsCode code = TermsCodec.load();
        (uint256 lo, uint256 hi) = _range(code, word, mask, tier); // 3, 4
        _requireTime(code, lo, hi); // 5, 6
        uint256 period = _period(code, lo, hi); // 7
        uint256 before = lanes[word];
        uint256 fresh = _fresh(code, before, mask, tier);
        if (fresh == 0) revert NothingNew(); // 8
        _requireSigners(code, _breachDigest(code, word, mask, tier, evidenceRoot), who, sigs); // 9, 10

        (uint256 due, uint256 marked) = _price(code, before, mask, tier); // 11
        lanes[word] = before | marked;
        if (code.bindWindows() != 0) { // 12
            uint256 spent = used[period];
            due = _capped(code, spent, due);
            used[period] = spent + due;
        }
        uint256 paid = _pushDue(code, due); // 13
        emit Settled(word, fresh, tier, evidenceRoot, due, paid); // 14
        if (paid < due) emit Owed(owed += due - paid);
    }

    /// @inheritdoc IWeirAgreement
    function payOwed() external override locked {
        TermsCode code = TermsCodec.load();
        _payOwed(code, code.customer());
    }

    /// @inheritdoc IWeirAgreement
    function claim(address to) external override locked {
        TermsCode code = TermsCodec.load();
        if (msg.sender != code.customer()) revert NotCustomer();
        _payOwed(code, to);
    }

    /// @inheritdoc IWeirAgreement
    function withdraw(address to) external override locked {
        TermsCode code = TermsCodec.load();
        if (msg.sender != code.provider()) revert NotProvider();
        if (block.timestamp < code.windowStart(code.count()) + code.claimWindow()) revert TooEarly();
        uint256 held = Push.balance(code.asset());
        if (held <= owed) revert NothingToPay();
        uint256 amount = held - owed;
        emit Withdrawn(to, amount);
        _send(code, to, amount);
    }

    /// @inheritdoc IWeirAgreement
    function terms() external view override returns (Terms memory) {
        return TermsCodec.load().unpack();
    }

    /// @inheritdoc IWeirAgreement
    function termsHash() external view override returns (bytes32) {
        return TermsCodec.load().hash();
    }

    /// @inheritdoc IWeirAgreement
    function level(uint64 w) external view override returns (uint256 tier) {
        uint256 tiers = TermsCodec.load().tierCount();
        uint256 laneBits = WORD_BITS / tiers;
        uint256 word = lanes[uint64(w / laneBits)] >> (w % laneBits);
        while (tier < tiers && word & 1 != 0) {
            word >>= laneBits;
            tier++;
        }
    }

    /// @inheritdoc IWeirAgreement
    function preview(uint64 word, uint256 mask, uint8 tier)
        external
        view
        override
        returns (uint256 fresh, uint256 due)
    {
        TermsCode code = TermsCodec.load();
        (uint256 lo, uint256 hi) = _range(code, word, mask, tier);
        uint256 period = _period(code, lo, hi);
        fresh = _fresh(code, lanes[word], mask, tier);
        (due,) = _price(code, lanes[word], mask, tier);
        if (code.bindWindows() != 0) due = _capped(code, used[period], due);
    }

    /// @inheritdoc IWeirAgreement
    function windowStart(uint64 w) external view override returns (uint256) {
        return TermsCodec.load().windowStart(w);
    }

    /// @notice EIP-5267: the domain in which witnesses sign.
    function eip712Domain()
        external
        view
        override
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        return (hex"0f", NAME, VERSION, block.chainid, address(this), 0, new uint256[](0));
    }

    /// @dev 7.3 and 7.4: the lowest and the highest window of the mask.
    function _range(TermsCode code, uint256 word, uint256 mask, uint256 tier)
        private
        pure
        returns (uint256 lo, uint256 hi)
    {
        unchecked {
            uint256 tiers = code.tierCount();
            if (tier == 0 || tier > tiers) revert BadTier();
            uint256 laneBits = WORD_BITS / tiers;
            if (mask == 0 || mask >> laneBits != 0) revert BadMask();
            hi = word * laneBits + Bits.highest(mask);
            if (hi >= code.count()) revert BadMask();
            lo = mask & (mask - 1) == 0 ? hi : word * laneBits + Bits.lowest(mask);
        }
    }

    /// @dev 7.5 and 7.6.
    function _requireTime(TermsCode code, uint256 lo, uint256 hi) private view {
        unchecked {
            uint256 payable_ = code.early() ? code.windowStart(hi) : code.windowStart(hi + 1) + code.settleDelay();
            if (block.timestamp < payable_) revert TooEarly();
            if (block.timestamp >= code.windowStart(lo + 1) + code.claimWindow()) revert TooLate();
        }
    }

    /// @dev 7.7: the cap period of the windows; 0 where the cap cannot bind.
    function _period(TermsCode code, uint256 lo, uint256 hi) private pure returns (uint256 period) {
        uint256 windows = code.bindWindows();
        if (windows == 0) return 0;
        period = lo / windows;
        if (period != hi / windows) revert MixedPeriods();
    }

    /// @dev 7.8: the windows of the mask that stand below `tier`.
    function _fresh(TermsCode code, uint256 word, uint256 mask, uint256 tier) private pure returns (uint256) {
        unchecked {
            return mask & ~(word >> (WORD_BITS / code.tierCount() * (tier - 1)));
        }
    }

    /// @dev 7.11: what raising the mask to `tier` costs, and the bits of all lanes up to it.
    function _price(TermsCode code, uint256 word, uint256 mask, uint256 tier)
        private
        pure
        returns (uint256 due, uint256 marked)
    {
        unchecked {
            uint256 laneBits = WORD_BITS / code.tierCount();
            uint256 previous = 0;
            for (uint256 j = 0; j < tier; j++) {
                uint256 payout = code.payout(j);
                due += Bits.count(mask & ~word) * (payout - previous);
                marked |= mask;
                mask <<= laneBits;
                previous = payout;
            }
        }
    }

    /// @dev 7.12: as much of `due` as the cap leaves after `spent`.
    function _capped(TermsCode code, uint256 spent, uint256 due) private pure returns (uint256) {
        unchecked {
            uint256 room = code.cap() - spent;
            return due < room ? due : room;
        }
    }

    /// @dev 7.9 and 7.10.
    function _requireSigners(TermsCode code, bytes32 digest, uint256 who, bytes calldata sigs) private pure {
        unchecked {
            uint256 m = code.m();
            if (who >> code.witnessCount() != 0 || Bits.count(who) != m || sigs.length != 64 * m) revert BadSigners();
            uint256 offset = 0;
            for (uint256 i = 0; who != 0; i++) {
                if (who & 1 != 0) {
                    address signer = Signatures.recover(digest, sigs, offset);
                    // No key is zero, so the zero that stands for an invalid signature equals none.
                    if (signer != code.key(i)) revert BadSignature(i);
                    offset += 64;
                }
                who >>= 1;
            }
        }
    }

    /// @dev 7.13: delivers `due`, or what there is of it, to the customer; returns what went.
    function _pushDue(TermsCode code, uint256 due) private returns (uint256) {
        if (due == 0) return 0;
        address asset = code.asset();
        address customer = code.customer();
        if (Push.send(asset, customer, due)) return due;
        uint256 held = Push.balance(asset);
        if (held == 0 || held >= due) return 0;
        return Push.send(asset, customer, held) ? held : 0;
    }

    /// @dev Delivers min(owed, balance) or reverts.
    function _payOwed(TermsCode code, address to) private {
        uint256 debt = owed;
        uint256 held = Push.balance(code.asset());
        uint256 amount = debt < held ? debt : held;
        if (amount == 0) revert NothingToPay();
        owed = debt - amount;
        emit Paid(to, amount, debt - amount);
        _send(code, to, amount);
    }

    function _send(TermsCode code, address to, uint256 amount) private {
        if (to == address(0) || to == address(this)) revert BadRecipient();
        if (!Push.send(code.asset(), to, amount)) revert PushFailed();
    }

    function _breachDigest(TermsCode code, uint64 word, uint256 mask, uint8 tier, bytes32 evidenceRoot)
        private
        view
        returns (bytes32)
    {
        bytes32 breach = keccak256(abi.encode(BREACH_TYPE, code.hash(), uint64(0), word, mask, tier, evidenceRoot));
        return keccak256(abi.encodePacked(hex"1901", _domainSeparator(), breach));
    }

    /// @dev Never cached: after a fork of the chain both sides have their own chain id.
    function _domainSeparator() private view returns (bytes32) {
        return keccak256(
            abi.encode(DOMAIN_TYPE, keccak256(bytes(NAME)), keccak256(bytes(VERSION)), block.chainid, address(this))
        );
    }
}
