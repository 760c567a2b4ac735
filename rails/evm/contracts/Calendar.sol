// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Where windows begin and end, in unix seconds UTC (protocol section 3).
library Calendar {
    uint8 internal constant FIXED = 0;
    uint8 internal constant WEEK = 1;
    uint8 internal constant MONTH = 2;

    uint256 internal constant WEEK_SECONDS = 604800;
    /// Added to a time it moves Monday 00:00 onto a multiple of a week: 1970-01-01 was a Thursday.
    uint256 internal constant MONDAY_SHIFT = 259200;

    /// @notice 00:00 on the 1st of month `k`, counted from 1970-01.
    /// @dev Days are counted from 0000-03-01, so that the leap day is the last of a year; 23638 months and
    /// 719468 days lead from there to 1970-01. The caller keeps `k` below 2^65, so nothing can overflow.
    function monthStart(uint256 k) internal pure returns (uint256) {
        unchecked {
            uint256 a = k + 23638;
            uint256 y = a / 12;
            uint256 p = a % 12;
            return 86400 * (365 * y + y / 4 - y / 100 + y / 400 + (153 * p + 2) / 5 - 719468);
        }
    }

    /// @notice The month whose 1st 00:00 is `start`; for any other time the result means nothing.
    /// @dev Half a month is added and the mean month of 2629746 s divides it.
    function monthOf(uint256 start) internal pure returns (uint256) {
        unchecked {
            return (start + 1296000) / 2629746;
        }
    }

    /// @notice The first second of window `w` for an agreement that begins at `start`.
    function windowStart(uint256 calendar, uint256 start, uint256 length, uint256 w) internal pure returns (uint256) {
        unchecked {
            return calendar == MONTH ? monthStart(monthOf(start) + w) : start + w * length;
        }
    }
}
