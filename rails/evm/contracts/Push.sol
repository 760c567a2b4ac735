// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IWeirAgreement} from "./IWeirAgreement.sol";

/// @title Sending the asset without trusting token or recipient (protocol section 7, last paragraph).
/// @notice Every outgoing call gets a fixed amount of gas, so that nobody can burn more, and copies at most 32 bytes
/// back, so that a long answer costs its author and not us. `asset` 0 is the native coin.
library Push {
    uint256 private constant NATIVE_GAS = 50000;
    uint256 private constant TOKEN_GAS = 200000;
    /// What the agreement itself still needs after a push.
    uint256 private constant RESERVE_GAS = 40000;

    /// @notice Sends `amount` to `to`; tells whether it went.
    /// @dev A token push succeeds if the call does and returns 1, or nothing from an account with code.
    function send(address asset, address to, uint256 amount) internal returns (bool sent) {
        if (asset == address(0)) {
            _requireGas(NATIVE_GAS);
            assembly ("memory-safe") {
                sent := call(NATIVE_GAS, to, amount, 0, 0, 0, 0)
            }
            return sent;
        }
        _requireGas(TOKEN_GAS);
        bytes memory data = abi.encodeCall(IERC20.transfer, (to, amount));
        assembly ("memory-safe") {
            sent := call(TOKEN_GAS, asset, 0, add(data, 32), mload(data), 0, 32)
            switch returndatasize()
            case 0 { sent := and(sent, gt(extcodesize(asset), 0)) }
            default { sent := and(sent, and(gt(returndatasize(), 31), eq(mload(0), 1))) }
        }
    }

    /// @notice What this contract holds of `asset`; 0 where the token does not answer.
    function balance(address asset) internal view returns (uint256 held) {
        if (asset == address(0)) return address(this).balance;
        _requireGas(TOKEN_GAS);
        bytes memory data = abi.encodeCall(IERC20.balanceOf, (address(this)));
        assembly ("memory-safe") {
            let answered := staticcall(TOKEN_GAS, asset, add(data, 32), mload(data), 0, 32)
            if and(answered, gt(returndatasize(), 31)) { held := mload(0) }
        }
    }

    /// @dev A caller can hand over at most 63/64 of its gas (EIP-150): with less than this a push could fail only
    /// because the sender of the report starved it.
    function _requireGas(uint256 push) private view {
        unchecked {
            if (gasleft() * 63 / 64 < push + RESERVE_GAS) revert IWeirAgreement.LowGas();
        }
    }
}
