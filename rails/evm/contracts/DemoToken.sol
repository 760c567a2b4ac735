// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title Play money for demonstrations and tests: anybody may mint any amount. Worth nothing, anywhere.
contract DemoToken is ERC20 {
    constructor() ERC20("weir demo token, worthless", "DEMO") {}

    /// @notice Gives `to` new tokens; open to everybody on purpose.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @inheritdoc ERC20
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
