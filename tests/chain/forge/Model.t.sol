// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base} from "./lib/Base.sol";
import {Ghost} from "./lib/Ghost.sol";

/// @notice Goal: whatever happens in whatever order, agreement and model do the same.
/// Method: 64 random steps on each of 64 random agreements (4,096 steps; forge prints the seed of a failure).
contract ModelTest is Base {
    uint256 private constant STEPS = 64;

    /// forge-config: default.fuzz.runs = 64
    /// forge-config: heavy.fuzz.runs = 1000
    function testFuzz_random_steps(uint256 seed) public {
        Ghost ghost = new Ghost(seed);
        for (uint256 i = 0; i < STEPS; i++) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            uint256 kind = random % 100;
            if (kind < 50) ghost.report(random);
            else if (kind < 68) ghost.wait(random);
            else if (kind < 78) ghost.fund(random);
            else if (kind < 86) ghost.mood(random);
            else if (kind < 91) ghost.payOwed(random);
            else if (kind < 96) ghost.claim(random);
            else ghost.withdraw(random);
        }
        require(ghost.steps() == STEPS, "steps");
    }

    /// @dev The random steps above are worth nothing if hardly any report goes through.
    function test_many_of_the_random_reports_pay() public {
        uint256 paid = 0;
        for (uint256 seed = 0; seed < 8; seed++) {
            Ghost ghost = new Ghost(seed);
            for (uint256 i = 0; i < STEPS; i++) {
                uint256 random = uint256(keccak256(abi.encode(seed, i)));
                if (random % 3 == 0) ghost.wait(random);
                else ghost.report(random);
            }
            paid += ghost.reports();
        }
        require(paid > 60, string.concat("only ", vm.toString(paid)));
    }
}
