// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Bits} from "contracts/Bits.sol";
import {Calendar} from "contracts/Calendar.sol";
import {Terms} from "contracts/Terms.sol";
import {WeirAgreement} from "contracts/WeirAgreement.sol";

import {Base} from "./lib/Base.sol";

/// @notice Goal: windows begin and end where the calendar says.
/// Method: months from 1970-01 to 2469-12 by counting days with the leap-year rule; masks bit by bit.
contract CalendarTest is Base {
    function _daysOf(uint256 year, uint256 month) private pure returns (uint256) {
        if (month == 1) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
        return month == 3 || month == 5 || month == 8 || month == 10 ? 30 : 31;
    }

    function test_months_from_1970_to_2469() public pure {
        uint256 time = 0;
        for (uint256 k = 0; k < 6000; k++) {
            eq(Calendar.monthStart(k), time, "start");
            eq(Calendar.monthOf(time), k, "month");
            time += 86400 * _daysOf(1970 + k / 12, k % 12);
        }
        eq(time, 15778540800, "2470-01-01");
    }

    /// @dev `open` accepts a start only if it is the first second of the month found for it, so a wrong guess would
    /// refuse a good start; that none is wrong for any start that `open` could accept is shown here.
    function test_every_month_below_2_to_the_40_is_found() public pure {
        for (uint256 k = 0; Calendar.monthStart(k) < 1 << 40; k += 7) {
            eq(Calendar.monthOf(Calendar.monthStart(k)), k, "month");
        }
    }

    function test_a_monthly_agreement() public {
        Terms memory t = _terms();
        t.calendar = 2;
        t.length = 0;
        t.start = 1801440000; // 2027-02-01
        t.count = 24;
        WeirAgreement a = _open(t);
        eq(a.windowStart(0), 1801440000, "2027-02-01");
        eq(a.windowStart(1), 1803859200, "2027-03-01");
        eq(a.windowStart(12), 1832976000, "2028-02-01");
        eq(a.windowStart(13), 1835481600, "2028-03-01, after a leap day");
        eq(a.windowStart(24), 1864598400, "2029-02-01");
    }

    function test_a_weekly_agreement() public {
        Terms memory t = _terms();
        t.calendar = 1;
        t.length = 604800;
        t.start = uint64(NOW + 6 days);
        WeirAgreement a = _open(t);
        eq(a.windowStart(0), NOW + 6 days, "first");
        eq(a.windowStart(52), NOW + 6 days + 364 days, "53rd");
    }

    function testFuzz_bits(uint256 x) public pure {
        if (x == type(uint256).max) return;
        uint256 n = 0;
        uint256 lowest = 256;
        uint256 highest = 0;
        for (uint256 i = 0; i < 256; i++) {
            if (x >> i & 1 == 0) continue;
            n++;
            highest = i;
            if (lowest == 256) lowest = i;
        }
        eq(Bits.count(x), n, "count");
        if (x == 0) return;
        eq(Bits.highest(x), highest, "highest");
        eq(Bits.lowest(x), lowest, "lowest");
    }

    function test_bits_of_a_full_word() public pure {
        eq(Bits.count(type(uint256).max >> 1), 255, "255");
        eq(Bits.count(0), 0, "none");
    }
}
