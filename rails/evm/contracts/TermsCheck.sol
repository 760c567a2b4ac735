// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Calendar} from "./Calendar.sol";
import {Terms} from "./Terms.sol";

/// @title What terms must fulfil before an agreement can be opened (protocol section 2, table).
library TermsCheck {
    /// @notice Provider and customer must be nonzero and different.
    error BadParties();
    /// @notice The calendar is unknown, or its length is not the one it needs.
    error BadCalendar();
    /// @notice The start is not the first second of a window, or not in the future.
    error BadStart();
    /// @notice No window, or an end at or beyond 2^40 seconds.
    error BadCount();
    /// @notice Early payment and a settle delay exclude each other.
    error BadSettleDelay();
    /// @notice The claim window must be longer than the settle delay.
    error BadClaimWindow();
    /// @notice 1 <= m <= n <= 16 does not hold.
    error BadQuorum();
    /// @notice The key of witness `index` is zero, or not above the one before.
    error BadWitness(uint256 index);
    /// @notice There are no tiers or more than 8.
    error BadTierCount();
    /// @notice Tier `index` (from 0): its ratio is above 1 or not below the one before, or its payout not above.
    error BadTierRow(uint256 index);
    /// @notice The last payout is above the cap.
    error BadCap();

    uint256 private constant WITNESSES_MAX = 16;
    uint256 private constant TIERS_MAX = 8;
    uint256 private constant END_MAX = 1 << 40;

    /// @notice Reverts unless `t` fulfils every rule but the one that needs the clock (`start` in the future).
    function check(Terms calldata t) internal pure {
        if (t.provider == address(0) || t.customer == address(0) || t.provider == t.customer) revert BadParties();
        _checkCalendar(t);
        if (t.early && t.settleDelay != 0) revert BadSettleDelay();
        if (t.claimWindow <= t.settleDelay) revert BadClaimWindow();
        _checkWitnesses(t);
        _checkTiers(t);
    }

    function _checkCalendar(Terms calldata t) private pure {
        uint256 start = t.start;
        if (t.calendar == Calendar.FIXED) {
            if (t.length == 0) revert BadCalendar();
        } else if (t.calendar == Calendar.WEEK) {
            if (t.length != Calendar.WEEK_SECONDS) revert BadCalendar();
            if ((start + Calendar.MONDAY_SHIFT) % Calendar.WEEK_SECONDS != 0) revert BadStart();
        } else if (t.calendar == Calendar.MONTH) {
            if (t.length != 0) revert BadCalendar();
            if (Calendar.monthStart(Calendar.monthOf(start)) != start) revert BadStart();
        } else {
            revert BadCalendar();
        }
        if (t.count == 0 || Calendar.windowStart(t.calendar, start, t.length, t.count) >= END_MAX) revert BadCount();
    }

    function _checkWitnesses(Terms calldata t) private pure {
        uint256 n = t.witnesses.length;
        if (t.m == 0 || t.m > n || n > WITNESSES_MAX) revert BadQuorum();
        address previous = address(0);
        for (uint256 i = 0; i < n; i++) {
            if (t.witnesses[i].key <= previous) revert BadWitness(i);
            previous = t.witnesses[i].key;
        }
    }

    /// @dev The ratio 1/1 and the payout 0 stand before the first tier. Products of two uint64 cannot overflow.
    function _checkTiers(Terms calldata t) private pure {
        uint256 tiers = t.tiers.length;
        if (tiers == 0 || tiers > TIERS_MAX) revert BadTierCount();
        uint256 num = 1;
        uint256 den = 1;
        uint256 payout = 0;
        for (uint256 i = 0; i < tiers; i++) {
            uint256 left = uint256(t.tiers[i].num) * den;
            uint256 right = num * t.tiers[i].den;
            bool falls = i == 0 ? left <= right : left < right;
            if (t.tiers[i].den == 0 || !falls || t.tiers[i].payout <= payout) revert BadTierRow(i);
            (num, den, payout) = (t.tiers[i].num, t.tiers[i].den, t.tiers[i].payout);
        }
        if (payout > t.cap) revert BadCap();
    }
}
