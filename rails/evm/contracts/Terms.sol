// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice One step of the price list: breached worse than `num/den`, a window is worth `payout` in total.
struct Tier {
    uint64 num;
    uint64 den;
    uint96 payout;
}

/// @notice One witness: the address of its report key and the Ed25519 identity of its node.
struct Witness {
    address key;
    bytes32 node;
}

/// @notice What two parties agree on. Protocol section 2 gives every field its meaning; seconds unless named
/// otherwise, amounts in base units of `asset`.
struct Terms {
    address provider;
    address customer;
    address asset;
    bytes32 gauge;
    bytes32 document;
    uint8 calendar;
    uint32 length;
    uint64 start;
    uint32 count;
    bool early;
    uint32 settleDelay;
    uint32 claimWindow;
    uint32 maxSkewMs;
    uint96 cap;
    uint32 capWindows;
    uint8 m;
    Witness[] witnesses;
    Tier[] tiers;
    uint64 nonce;
}

/// @title The name of an agreement: EIP-712 `hashStruct` of its terms (protocol section 2).
library TermsHash {
    bytes32 internal constant TIER_TYPE = keccak256("Tier(uint64 num,uint64 den,uint96 payout)");
    bytes32 internal constant WITNESS_TYPE = keccak256("Witness(address key,bytes32 node)");
    bytes32 internal constant TERMS_TYPE = keccak256(
        "Terms(address provider,address customer,address asset,bytes32 gauge,bytes32 document,uint8 calendar,"
        "uint32 length,uint64 start,uint32 count,bool early,uint32 settleDelay,uint32 claimWindow,uint32 maxSkewMs,"
        "uint96 cap,uint32 capWindows,uint8 m,Witness[] witnesses,Tier[] tiers,uint64 nonce)"
        "Tier(uint64 num,uint64 den,uint96 payout)Witness(address key,bytes32 node)"
    );

    /// @notice The EIP-712 struct hash of `t`.
    function hashStruct(Terms calldata t) internal pure returns (bytes32) {
        // Two halves only because one call with twenty values does not fit the stack of the machine; all
        // values are 32 bytes wide, so the joined bytes are those of one call.
        bytes memory first = abi.encode(
            TERMS_TYPE, t.provider, t.customer, t.asset, t.gauge, t.document, t.calendar, t.length, t.start, t.count
        );
        bytes memory second = abi.encode(
            t.early, t.settleDelay, t.claimWindow, t.maxSkewMs, t.cap, t.capWindows, t.m, _witnesses(t), _tiers(t), t.nonce
        );
        return keccak256(bytes.concat(first, second));
    }

    function _witnesses(Terms calldata t) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](t.witnesses.length);
        for (uint256 i = 0; i < hashes.length; i++) {
            hashes[i] = keccak256(abi.encode(WITNESS_TYPE, t.witnesses[i].key, t.witnesses[i].node));
        }
        return keccak256(abi.encodePacked(hashes));
    }

    function _tiers(Terms calldata t) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](t.tiers.length);
        for (uint256 i = 0; i < hashes.length; i++) {
            hashes[i] = keccak256(abi.encode(TIER_TYPE, t.tiers[i].num, t.tiers[i].den, t.tiers[i].payout));
        }
        return keccak256(abi.encodePacked(hashes));
    }
}
