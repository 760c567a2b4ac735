// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who signed: ECDSA signatures in the 64-byte form of EIP-2098 (protocol section 7, step 10).
/// @dev The same rules as OpenZeppelin's ECDSA, for signatures that lie one behind the other in calldata; reading
/// them in place saves some 600 gas each.
library Signatures {
    /// Half the order of secp256k1: above it lies the twin of every signature.
    uint256 private constant S_MAX = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @notice Signer of `digest` by the 64 bytes at `offset` of `sigs`; 0 for no valid signature.
    /// @dev The caller has made sure that the bytes are there.
    function recover(bytes32 digest, bytes calldata sigs, uint256 offset) internal pure returns (address) {
        bytes32 r;
        uint256 yParityAndS;
        assembly ("memory-safe") {
            r := calldataload(add(sigs.offset, offset))
            yParityAndS := calldataload(add(sigs.offset, add(offset, 32)))
        }
        unchecked {
            uint256 s = yParityAndS & (type(uint256).max >> 1);
            if (s > S_MAX) return address(0);
            return ecrecover(digest, uint8(27 + (yParityAndS >> 255)), r, bytes32(s));
        }
    }
}
