// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Sets of windows and of witnesses as bits of one word.
library Bits {
    /// @notice How many bits of `x` are set.
    /// @dev Sums neighbouring fields of 1, 2, 4, ... bits; from 8 bits on no field can overflow, except that 256
    /// itself would not fit the last byte: the multiplication then carries it out. Callers never pass all ones.
    function count(uint256 x) internal pure returns (uint256) {
        unchecked {
            x -= (x >> 1) & (type(uint256).max / 3);
            x = (x & (type(uint256).max / 5)) + ((x >> 2) & (type(uint256).max / 5));
            x = (x + (x >> 4)) & (type(uint256).max / 17);
            return (x * (type(uint256).max / 255)) >> 248;
        }
    }

    /// @notice Index of the highest set bit; `x` is not 0.
    function highest(uint256 x) internal pure returns (uint256) {
        return Math.log2(x);
    }

    /// @notice Index of the lowest set bit; `x` is not 0.
    function lowest(uint256 x) internal pure returns (uint256) {
        unchecked {
            return Math.log2(x & (0 - x));
        }
    }
}
