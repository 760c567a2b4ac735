// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IWeirAgreement} from "contracts/IWeirAgreement.sol";
import {Terms, Tier} from "contracts/Terms.sol";
import {WeirAgreement} from "contracts/WeirAgreement.sol";

import {Base, Report} from "./lib/Base.sol";

/// @notice Goal: the amount is what protocol section 7, steps 11 to 14, says; a window is never paid twice for a tier.
/// Method: payouts of 100, 250 and 600, worked out by hand.
contract ReportTest is Base {
    /// @dev All windows can be reported for a long time.
    function _openLong(Terms memory t) private returns (WeirAgreement a) {
        t.claimWindow = 1 << 30;
        a = _openFunded(t);
        vm.warp(t.start + uint256(t.count) * 60 + 10);
    }

    function _pays(WeirAgreement a, uint64 word, uint256 mask, uint8 tier, uint256 amount) private {
        uint256 before = CUSTOMER.balance;
        (uint256 fresh, uint256 due) = a.preview(word, mask, tier);
        eq(due, amount, "preview");
        vm.expectEmit(true, true, true, true, address(a));
        emit IWeirAgreement.Settled(word, fresh, tier, ROOT, amount, amount);
        vm.prank(ANYBODY);
        _report(a, word, mask, tier);
        eq(CUSTOMER.balance - before, amount, "paid");
        eq(a.owed(), 0, "owed");
    }

    function test_a_tier_pays_its_payout_once_per_window() public {
        WeirAgreement a = _openLong(_terms());
        _pays(a, 0, 1 << 7, 1, 100);
        _pays(a, 0, 1 << 8, 2, 250);
        _pays(a, 0, 1 << 9, 3, 600);
        _refused(a, _signed(a, 0, 1 << 7, 1), IWeirAgreement.NothingNew.selector);
        _refused(a, _signed(a, 0, 1 << 9, 3), IWeirAgreement.NothingNew.selector);
        eq(a.level(6), 0, "level 6");
        eq(a.level(7), 1, "level 7");
        eq(a.level(8), 2, "level 8");
        eq(a.level(9), 3, "level 9");
    }

    function test_a_worse_verdict_pays_the_difference() public {
        WeirAgreement a = _openLong(_terms());
        _pays(a, 0, 1, 1, 100);
        _pays(a, 0, 1, 2, 150);
        _pays(a, 0, 1, 3, 350);
        eq(CUSTOMER.balance, 600, "total");
    }

    function test_a_milder_verdict_after_a_worse_one_is_nothing_new() public {
        WeirAgreement a = _openLong(_terms());
        _pays(a, 0, 1, 3, 600);
        _refused(a, _signed(a, 0, 1, 2), IWeirAgreement.NothingNew.selector);
        _refused(a, _signed(a, 0, 1, 1), IWeirAgreement.NothingNew.selector);
        eq(a.level(0), 3, "level");
    }

    function test_an_overlapping_mask_pays_for_the_new_windows_only() public {
        WeirAgreement a = _openLong(_terms());
        _pays(a, 0, 3, 1, 200);
        vm.expectEmit(true, true, true, true, address(a));
        emit IWeirAgreement.Settled(0, 4, 1, ROOT, 100, 100);
        _report(a, 0, 6, 1);
        // Window 0 goes from 1 to 3, windows 1 and 2 from 1 to 3, window 3 from 0 to 3.
        _pays(a, 0, 15, 3, 3 * 500 + 600);
    }

    function test_windows_beyond_the_first_word() public {
        WeirAgreement a = _openLong(_terms());
        _pays(a, 1, 1 << 14, 2, 250);
        eq(a.level(85 + 14), 2, "level");
        eq(a.lanes(1), 1 << 14 | 1 << (85 + 14), "lanes");
        eq(a.lanes(0), 1 << 255, "word 0");
        _refused(a, _signed(a, 1, 1 << 15, 2), IWeirAgreement.BadMask.selector);
    }

    function test_all_255_windows_of_a_word_with_one_tier() public {
        Terms memory t = _terms();
        t.tiers = new Tier[](1);
        t.tiers[0] = Tier(95, 100, 100);
        t.count = 255;
        WeirAgreement a = _openLong(t);
        _pays(a, 0, type(uint256).max >> 1, 1, 25500);
        eq(a.level(254), 1, "last");
        eq(a.level(255), 0, "beyond");
    }

    function test_all_windows_of_a_word_with_eight_tiers() public {
        Terms memory t = _terms();
        t.tiers = new Tier[](8);
        for (uint256 i = 0; i < 8; i++) {
            t.tiers[i] = Tier(uint64(90 - i), 100, uint96(10 * (i + 1)));
        }
        t.count = 62;
        WeirAgreement a = _openLong(t);
        _pays(a, 0, (1 << 31) - 1, 8, 31 * 80);
        _pays(a, 1, (1 << 31) - 1, 4, 31 * 40);
        _pays(a, 1, (1 << 31) - 1, 8, 31 * 40);
        eq(a.lanes(0), type(uint256).max >> 8 | 1 << 255, "every lane, and the prime bit");
    }

    function test_the_cap_of_the_whole_agreement_binds() public {
        Terms memory t = _terms();
        t.cap = 1000;
        WeirAgreement a = _openLong(t);
        _pays(a, 0, 3, 2, 500);
        _pays(a, 1, 1, 2, 250);
        _pays(a, 0, 1 << 5, 3, 250);
        eq(a.used(0), 1000, "used");
        _pays(a, 0, 1 << 6, 3, 0);
        eq(a.level(6), 3, "level rises without money");
    }

    function test_the_cap_of_a_period_binds_for_that_period() public {
        Terms memory t = _terms();
        t.cap = 700;
        t.capWindows = 10;
        WeirAgreement a = _openLong(t);
        _pays(a, 0, 3, 3, 700);
        _pays(a, 0, 3 << 10, 1, 200);
        _pays(a, 0, 3 << 10, 3, 500);
        _pays(a, 0, 1 << 20, 3, 600);
        eq(a.used(0), 700, "used 0");
        eq(a.used(1), 700, "used 1");
        eq(a.used(2), 600, "used 2");
        _refused(a, _signed(a, 0, 3 << 19, 1), IWeirAgreement.MixedPeriods.selector);
    }

    function test_a_period_longer_than_the_agreement_is_the_whole_agreement() public {
        Terms memory t = _terms();
        t.cap = 700;
        t.capWindows = 101;
        WeirAgreement a = _openLong(t);
        _pays(a, 0, 1, 3, 600);
        _pays(a, 1, 1 << 14, 3, 100);
    }

    function test_a_cap_that_cannot_bind_keeps_no_account_and_joins_periods() public {
        Terms memory t = _terms();
        t.cap = 6000;
        t.capWindows = 10;
        WeirAgreement a = _openLong(t);
        _pays(a, 0, 0xfffff, 3, 20 * 600);
        eq(a.used(0), 0, "used");
        vm.warp(NOW);
        t.cap = 5999;
        t.nonce = 1;
        a = _openLong(t);
        _refused(a, _signed(a, 0, 0xfffff, 3), IWeirAgreement.MixedPeriods.selector);
        _pays(a, 0, 0x3ff, 3, 5999);
    }

    function test_the_largest_amounts_do_not_overflow() public {
        Terms memory t = _terms();
        t.tiers = new Tier[](1);
        t.tiers[0] = Tier(1, 1, type(uint96).max);
        t.cap = type(uint96).max;
        t.capWindows = 1;
        t.count = 255;
        WeirAgreement a = _openLong(t);
        uint256 all = uint256(type(uint96).max) * 255;
        _fund(a, address(0), all - address(a).balance);
        _pays(a, 0, type(uint256).max >> 1, 1, all);
    }

    function test_preview_checks_the_windows_and_nothing_else() public {
        Terms memory t = _terms();
        t.cap = 700;
        t.capWindows = 10;
        WeirAgreement a = _openFunded(t);
        (uint256 fresh, uint256 due) = a.preview(0, 3, 3);
        eq(fresh, 3, "fresh");
        eq(due, 700, "due");
        vm.expectRevert(abi.encodePacked(IWeirAgreement.BadTier.selector));
        a.preview(0, 1, 4);
        vm.expectRevert(abi.encodePacked(IWeirAgreement.BadMask.selector));
        a.preview(0, 0, 1);
        vm.expectRevert(abi.encodePacked(IWeirAgreement.MixedPeriods.selector));
        a.preview(0, 3 << 9, 1);
        vm.warp(t.start + 70);
        _report(a, 0, 1, 2);
        (fresh, due) = a.preview(0, 1, 1);
        eq(fresh, 0, "nothing fresh");
        eq(due, 0, "nothing due");
        (fresh, due) = a.preview(0, 1, 3);
        eq(fresh, 1, "fresh again");
        eq(due, 350, "difference");
    }

    function testFuzz_the_order_of_reports_does_not_change_the_total(uint256 seed) public {
        Terms memory t = _terms();
        WeirAgreement a = _openLong(t);
        uint256[30] memory worst;
        for (uint256 i = 0; i < 12; i++) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 mask = (seed & seed >> 64) & 0x3fffffff;
            uint8 tier = uint8(1 + (seed >> 200) % 3);
            (uint256 fresh,) = mask == 0 ? (0, 0) : a.preview(0, mask, tier);
            if (fresh == 0) continue;
            _report(a, 0, mask, tier);
            for (uint256 w = 0; w < 30; w++) {
                if (mask >> w & 1 != 0 && worst[w] < tier) worst[w] = tier;
            }
        }
        uint256 total = 0;
        for (uint256 w = 0; w < 30; w++) {
            eq(a.level(uint64(w)), worst[w], "level");
            if (worst[w] > 0) total += t.tiers[worst[w] - 1].payout;
        }
        eq(CUSTOMER.balance, total, "total");
    }
}
