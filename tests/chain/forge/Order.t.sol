// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IWeirAgreement} from "contracts/IWeirAgreement.sol";
import {Terms, Tier} from "contracts/Terms.sol";
import {WeirAgreement} from "contracts/WeirAgreement.sol";

import {Base, Report} from "./lib/Base.sol";
import {HostilePayee} from "./lib/Hostile.sol";

/// @notice Goal: `report` refuses in the order of protocol section 7, and each check has its own edge.
/// Method: each report breaks one rule and as many of the later ones as can be broken with it.
contract OrderTest is Base {
    WeirAgreement private _a;
    HostilePayee private _payee;
    uint256 private _start;

    /// @dev At 1200 s: windows 0..18 are payable, windows 0..9 too late. Cap periods of 4 windows.
    function setUp() public override {
        super.setUp();
        _payee = new HostilePayee();
        Terms memory t = _terms();
        t.customer = address(_payee);
        t.tiers = new Tier[](2);
        t.tiers[0] = Tier(95, 100, 100);
        t.tiers[1] = Tier(1, 2, 600);
        t.cap = 1000;
        t.capWindows = 4;
        _start = t.start;
        _a = _openFunded(t);
        vm.warp(_start + 1200);
    }

    /// @dev Nobody signed it.
    function _bad(uint64 epoch, uint8 tier, uint256 mask) private pure returns (Report memory) {
        return Report(epoch, 0, mask, tier, ROOT, 1 << 200, "");
    }

    function test_1_locked_comes_first() public {
        _payee.callBack(address(_a), _calldata(_bad(1, 3, 0)));
        vm.expectEmit(true, true, true, true, address(_payee));
        emit HostilePayee.CalledBack(false, abi.encodePacked(IWeirAgreement.Locked.selector));
        _report(_a, 0, 1 << 12, 1);
    }

    function test_2_epoch() public {
        _refused(_a, _bad(1, 3, 0), IWeirAgreement.WrongEpoch.selector);
        _refused(_a, _bad(type(uint64).max, 0, 1 << 120 | 1), IWeirAgreement.WrongEpoch.selector);
    }

    function test_3_tier() public {
        _refused(_a, _bad(0, 0, 0), IWeirAgreement.BadTier.selector);
        _refused(_a, _bad(0, 3, 1 << 120 | 1), IWeirAgreement.BadTier.selector);
        _refused(_a, _bad(0, 255, 1 << 120 | 1), IWeirAgreement.BadTier.selector);
    }

    function test_4_mask() public {
        _refused(_a, _bad(0, 1, 0), IWeirAgreement.BadMask.selector);
        _refused(_a, _bad(0, 1, 1 << 100 | 1), IWeirAgreement.BadMask.selector);
        _refused(_a, _bad(0, 1, 1 << 127 | 1), IWeirAgreement.BadMask.selector);
        _refused(_a, _bad(0, 1, type(uint256).max), IWeirAgreement.BadMask.selector);
        Report memory other = _bad(0, 1, 1);
        other.word = 1;
        _refused(_a, other, IWeirAgreement.BadMask.selector);
        other.word = type(uint64).max;
        _refused(_a, other, IWeirAgreement.BadMask.selector);
        // The last window exists, but lies ahead.
        _refused(_a, _bad(0, 1, 1 << 99 | 1), IWeirAgreement.TooEarly.selector);
    }

    function test_5_too_early() public {
        _refused(_a, _bad(0, 1, 1 << 50 | 1), IWeirAgreement.TooEarly.selector);
        _refused(_a, _bad(0, 1, 1 << 19 | 1), IWeirAgreement.TooEarly.selector);
        vm.warp(_start + 19 * 60 + 9);
        _refused(_a, _bad(0, 1, 1 << 18), IWeirAgreement.TooEarly.selector);
        vm.warp(_start + 19 * 60 + 10);
        _report(_a, 0, 1 << 18, 1);
    }

    function test_6_too_late() public {
        _refused(_a, _bad(0, 1, 1 << 11 | 1), IWeirAgreement.TooLate.selector);
        _refused(_a, _bad(0, 1, 1 << 12 | 1 << 9), IWeirAgreement.TooLate.selector);
        vm.warp(_start + 19 * 60 + 600);
        _refused(_a, _bad(0, 1, 1 << 18), IWeirAgreement.TooLate.selector);
        vm.warp(_start + 19 * 60 + 599);
        _report(_a, 0, 1 << 18, 1);
    }

    function test_7_mixed_periods() public {
        _report(_a, 0, 1 << 11, 1);
        _report(_a, 0, 1 << 12, 1);
        _refused(_a, _bad(0, 1, 3 << 11), IWeirAgreement.MixedPeriods.selector);
        _refused(_a, _signed(_a, 0, 3 << 15, 1), IWeirAgreement.MixedPeriods.selector);
        _report(_a, 0, 3 << 13, 1);
    }

    function test_8_nothing_new() public {
        _report(_a, 0, 1 << 12, 2);
        _refused(_a, _bad(0, 2, 1 << 12), IWeirAgreement.NothingNew.selector);
        _refused(_a, _bad(0, 1, 1 << 12), IWeirAgreement.NothingNew.selector);
        _report(_a, 0, 3 << 12, 1);
        _refused(_a, _bad(0, 1, 3 << 12), IWeirAgreement.NothingNew.selector);
    }

    function test_9_signers() public {
        _refused(_a, _bad(0, 1, 1 << 12), IWeirAgreement.BadSigners.selector);
    }

    function test_10_signatures() public {
        Report memory r = _signed(_a, 0, 1 << 12, 1);
        r.sigs[64] ^= 0x01;
        r.sigs[128] ^= 0x01;
        _refused(_a, r, abi.encodeWithSelector(IWeirAgreement.BadSignature.selector, 1));
    }

    function test_11_to_14_come_only_then() public {
        vm.expectEmit(true, true, true, true, address(_a));
        emit IWeirAgreement.Settled(0, 1 << 12, 1, ROOT, 100, 100);
        _report(_a, 0, 1 << 12, 1);
        eq(address(_payee).balance, 100, "paid");
    }

    function test_early_payment_begins_with_the_window() public {
        vm.warp(NOW);
        Terms memory t = _terms();
        t.early = true;
        t.settleDelay = 0;
        WeirAgreement a = _openFunded(t);
        vm.warp(t.start + 5 * 60 - 1);
        _refused(a, _bad(0, 1, 1 << 5), IWeirAgreement.TooEarly.selector);
        _refused(a, _signed(a, 0, 1 << 5, 1), IWeirAgreement.TooEarly.selector);
        vm.warp(t.start + 5 * 60);
        _report(a, 0, 1 << 5, 1);
        vm.warp(t.start + 6 * 60 + 600);
        _refused(a, _bad(0, 2, 1 << 5), IWeirAgreement.TooLate.selector);
    }
}
