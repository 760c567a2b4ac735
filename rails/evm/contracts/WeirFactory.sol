// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

import {Terms, TermsHash} from "./Terms.sol";
import {TermsCheck} from "./TermsCheck.sol";
import {TermsCodec} from "./TermsCode.sol";
import {WeirAgreement} from "./WeirAgreement.sol";

/// @title Opens agreements. It has no owner and no state; whoever opens an agreement gains nothing over it.
contract WeirFactory {
    /// @notice The agreement with the given terms exists from now on.
    event Opened(address indexed agreement, bytes32 indexed terms, address indexed provider, address customer);

    /// @notice Equal terms were opened before, at `agreement`; another `nonce` tells them apart.
    error AlreadyOpen(address agreement);

    /// @notice The code that every agreement delegates to.
    address public immutable implementation = address(new WeirAgreement());

    /// @notice Checks `t` by protocol section 2 and creates its agreement, whose address depends on nothing else.
    function open(Terms calldata t) external returns (address clone) {
        (bytes memory args, bytes32 hash) = _arguments(t);
        if (t.start <= block.timestamp) revert TermsCheck.BadStart();
        clone = Clones.predictDeterministicAddressWithImmutableArgs(implementation, args, hash);
        if (clone.code.length != 0) revert AlreadyOpen(clone);
        clone = Clones.cloneDeterministicWithImmutableArgs(implementation, args, hash);
        WeirAgreement(payable(clone)).prime();
        emit Opened(clone, hash, t.provider, t.customer);
    }

    /// @notice Where the agreement with terms `t` is or would be. Reverts like `open`, except that the start may lie
    /// in the past: money sent there beforehand waits for an agreement that can be opened.
    function predict(Terms calldata t) external view returns (address) {
        (bytes memory args, bytes32 hash) = _arguments(t);
        return Clones.predictDeterministicAddressWithImmutableArgs(implementation, args, hash);
    }

    /// @notice EIP-712 hash of `t`, whether or not it could be opened.
    function hashTerms(Terms calldata t) external pure returns (bytes32) {
        return TermsHash.hashStruct(t);
    }

    function _arguments(Terms calldata t) private pure returns (bytes memory args, bytes32 hash) {
        TermsCheck.check(t);
        hash = TermsHash.hashStruct(t);
        args = TermsCodec.pack(t, hash);
    }
}
