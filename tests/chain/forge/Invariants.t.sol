// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ghost} from "./lib/Ghost.sol";

/// @notice Goal: the invariants of protocol section 8 hold after any sequence of calls.
/// Method: forge calls the actions of one agreement, native coin and token, in random order; the ghost checks every
/// amount after each, and this contract once more at the end.
contract InvariantsTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Ghost[] private _ghosts;

    function setUp() public {
        for (uint256 seed = 1; seed <= 4; seed++) {
            _ghosts.push(new Ghost(seed));
        }
    }

    /// @notice Read by forge: what it may call.
    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[7] memory actions = [
            Ghost.report.selector, Ghost.wait.selector, Ghost.fund.selector, Ghost.mood.selector, Ghost.payOwed.selector,
            Ghost.claim.selector, Ghost.withdraw.selector
        ];
        targets = new FuzzSelector[](_ghosts.length);
        for (uint256 i = 0; i < targets.length; i++) {
            targets[i].addr = address(_ghosts[i]);
            targets[i].selectors = new bytes4[](actions.length);
            for (uint256 j = 0; j < actions.length; j++) {
                targets[i].selectors[j] = actions[j];
            }
        }
    }

    /// @notice Read by forge: the accounts behind the targets.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](_ghosts.length);
        for (uint256 i = 0; i < targets.length; i++) {
            targets[i] = address(_ghosts[i]);
        }
    }

    function invariant_money_is_neither_made_nor_lost_nor_paid_twice() public view {
        for (uint256 i = 0; i < _ghosts.length; i++) {
            _ghosts[i].check();
        }
    }
}
