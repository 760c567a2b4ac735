// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

import {Terms, Tier, Witness} from "contracts/Terms.sol";
import {TermsCheck} from "contracts/TermsCheck.sol";
import {TermsCodec} from "contracts/TermsCode.sol";
import {WeirAgreement} from "contracts/WeirAgreement.sol";
import {WeirFactory} from "contracts/WeirFactory.sol";

import {Base} from "./lib/Base.sol";

/// @notice Goal: only terms that fulfil protocol section 2 become an agreement, and it holds them all.
/// Method: both sides of every rule; the opened agreement's own answers.
contract OpenTest is Base {
    function _opens(Terms memory t) private {
        address predicted = factory.predict(t);
        eq(factory.open(t), predicted, "address");
    }

    function _isRefused(Terms memory t, bytes memory why) private {
        vm.expectRevert(why);
        factory.open(t);
        vm.expectRevert(why);
        factory.predict(t);
    }

    function _isRefused(Terms memory t, bytes4 why) private {
        _isRefused(t, abi.encodePacked(why));
    }

    function test_an_opened_agreement_answers_with_its_terms() public {
        Terms memory t = _terms();
        t.asset = address(token);
        t.capWindows = 7;
        t.nonce = type(uint64).max;
        WeirAgreement a = _open(t);
        eq(keccak256(abi.encode(a.terms())), keccak256(abi.encode(t)), "terms");
        eq(a.termsHash(), factory.hashTerms(t), "hash");
        eq(a.lanes(0), 1 << 255, "primed word 0");
        eq(a.lanes(1), 0, "word 1");
        eq(a.owed(), 0, "owed");
        a.prime();
        eq(a.lanes(0), 1 << 255, "primed again");
    }

    function testFuzz_any_terms_come_back_unchanged(Terms memory t, uint8 n, uint8 tiers) public {
        t.provider = PROVIDER;
        t.customer = CUSTOMER;
        t.calendar = 0;
        if (t.length == 0) t.length = 1;
        t.start = uint64(NOW + 1 + t.start % (1 << 38));
        t.count = uint32(1 + t.count / 2 % (uint256(1 << 39) / t.length));
        if (t.early) t.settleDelay = 0;
        t.settleDelay /= 2;
        if (t.claimWindow <= t.settleDelay) t.claimWindow = t.settleDelay + 1;
        t.witnesses = _witnesses(1 + n % 16);
        t.m = uint8(1 + t.m % t.witnesses.length);
        t.tiers = new Tier[](1 + tiers % 8);
        for (uint256 i = 0; i < t.tiers.length; i++) {
            t.tiers[i] = Tier(uint64(100 - i), 100, uint96(1 + i));
        }
        if (t.cap < 8) t.cap = 8;
        WeirAgreement a = _open(t);
        eq(keccak256(abi.encode(a.terms())), keccak256(abi.encode(t)), "terms");
        eq(a.termsHash(), factory.hashTerms(t), "hash");
    }

    function test_the_address_commits_to_factory_implementation_and_terms() public {
        Terms memory t = _terms();
        bytes memory args = Clones.fetchCloneArgs(address(_open(t)));
        bytes memory creation = abi.encodePacked(
            hex"61", uint16(args.length + 45), hex"3d81600a3d39f3363d3d373d3d3d363d73", factory.implementation(),
            hex"5af43d82803e903d91602b57fd5bf3", args
        );
        bytes32 hash = keccak256(abi.encodePacked(hex"ff", factory, factory.hashTerms(t), keccak256(creation)));
        eq(factory.predict(t), address(uint160(uint256(hash))), "clone");
        bytes32 made = keccak256(abi.encodePacked(hex"d694", factory, hex"01"));
        eq(factory.implementation(), address(uint160(uint256(made))), "implementation");
    }

    function test_the_packed_terms_are_laid_out_as_the_page_says() public {
        Terms memory t = _terms();
        bytes memory args = Clones.fetchCloneArgs(address(_open(t)));
        bytes memory first = abi.encodePacked(
            factory.hashTerms(t), t.provider, t.customer, t.asset, t.start, t.length, t.count, t.settleDelay
        );
        bytes memory second = abi.encodePacked(
            t.claimWindow, uint32(0), t.cap, t.calendar, t.early, t.m, uint8(5), uint8(3), t.nonce, t.maxSkewMs
        );
        bytes memory rest = abi.encodePacked(t.capWindows, t.gauge, t.document);
        for (uint256 i = 0; i < 3; i++) {
            rest = abi.encodePacked(rest, t.tiers[i].payout, t.tiers[i].num, t.tiers[i].den);
        }
        for (uint256 i = 0; i < 5; i++) {
            rest = abi.encodePacked(rest, t.witnesses[i].key, t.witnesses[i].node);
        }
        eq(keccak256(args), keccak256(bytes.concat(first, second, rest)), "arguments");
    }

    function test_equal_terms_open_once_and_a_nonce_tells_them_apart() public {
        Terms memory t = _terms();
        address first = factory.open(t);
        vm.expectRevert(abi.encodeWithSelector(WeirFactory.AlreadyOpen.selector, first));
        vm.prank(ANYBODY);
        factory.open(t);
        t.nonce = 1;
        require(factory.open(t) != first, "another address");
    }

    function test_the_implementation_itself_does_nothing() public {
        WeirAgreement bare = WeirAgreement(payable(factory.implementation()));
        bytes memory why = abi.encodePacked(TermsCodec.NotAClone.selector);
        vm.expectRevert(why);
        bare.prime();
        vm.expectRevert(why);
        bare.payOwed();
        vm.expectRevert(why);
        bare.withdraw(ANYBODY);
        vm.expectRevert(why);
        bare.report(0, 0, 1, 1, ROOT, 0, "");
        vm.expectRevert(why);
        bare.terms();
        vm.deal(address(this), 1);
        (bool sent,) = address(bare).call{value: 1}("");
        require(!sent, "took money");
    }

    function test_parties_are_nonzero_and_different() public {
        Terms memory t = _terms();
        t.provider = address(0);
        _isRefused(t, TermsCheck.BadParties.selector);
        t.provider = CUSTOMER;
        _isRefused(t, TermsCheck.BadParties.selector);
        t.provider = PROVIDER;
        t.customer = address(0);
        _isRefused(t, TermsCheck.BadParties.selector);
    }

    function test_a_fixed_window_lasts_at_least_a_second() public {
        Terms memory t = _terms();
        t.length = 0;
        _isRefused(t, TermsCheck.BadCalendar.selector);
        t.length = 1;
        _opens(t);
    }

    function test_an_iso_week_is_a_week_from_monday() public {
        Terms memory t = _terms();
        t.calendar = 1;
        t.length = 604800;
        t.start = uint64(NOW + 6 days);
        _opens(t);
        t.start = uint64(NOW + 6 days + 1);
        _isRefused(t, TermsCheck.BadStart.selector);
        t.start = uint64(NOW + 7 days);
        _isRefused(t, TermsCheck.BadStart.selector);
        t.start = uint64(NOW + 6 days);
        t.length = 604799;
        _isRefused(t, TermsCheck.BadCalendar.selector);
    }

    function test_a_month_has_no_length_and_starts_on_the_first() public {
        Terms memory t = _terms();
        t.calendar = 2;
        t.length = 0;
        t.start = uint64(NOW + 27 days);
        _opens(t);
        t.start = uint64(NOW + 28 days);
        _isRefused(t, TermsCheck.BadStart.selector);
        t.start = uint64(NOW + 27 days - 1);
        _isRefused(t, TermsCheck.BadStart.selector);
        t.start = uint64(NOW + 27 days);
        t.length = 1;
        _isRefused(t, TermsCheck.BadCalendar.selector);
    }

    function test_there_are_three_calendars() public {
        Terms memory t = _terms();
        t.calendar = 3;
        _isRefused(t, TermsCheck.BadCalendar.selector);
    }

    function test_the_start_lies_ahead_of_the_opening_block() public {
        Terms memory t = _terms();
        t.start = uint64(block.timestamp);
        factory.predict(t);
        vm.expectRevert(abi.encodePacked(TermsCheck.BadStart.selector));
        factory.open(t);
        t.start = uint64(block.timestamp + 1);
        _opens(t);
    }

    function test_there_is_a_window_and_every_end_is_below_2_to_the_40() public {
        Terms memory t = _terms();
        t.count = 0;
        _isRefused(t, TermsCheck.BadCount.selector);
        t.count = 10;
        t.start = uint64((1 << 40) - 600);
        _isRefused(t, TermsCheck.BadCount.selector);
        t.start = uint64((1 << 40) - 601);
        _opens(t);
        t.start = type(uint64).max;
        _isRefused(t, TermsCheck.BadCount.selector);
        t.start = uint64(NOW + 1);
        (t.count, t.length) = (type(uint32).max, type(uint32).max);
        _isRefused(t, TermsCheck.BadCount.selector);
    }

    function test_early_payment_has_no_settle_delay() public {
        Terms memory t = _terms();
        t.early = true;
        _isRefused(t, TermsCheck.BadSettleDelay.selector);
        t.settleDelay = 0;
        _opens(t);
    }

    function test_the_claim_window_is_longer_than_the_settle_delay() public {
        Terms memory t = _terms();
        t.claimWindow = t.settleDelay;
        _isRefused(t, TermsCheck.BadClaimWindow.selector);
        t.claimWindow++;
        _opens(t);
    }

    function test_the_quorum_is_between_one_and_all_of_at_most_sixteen() public {
        Terms memory t = _terms();
        t.m = 0;
        _isRefused(t, TermsCheck.BadQuorum.selector);
        t.m = 6;
        _isRefused(t, TermsCheck.BadQuorum.selector);
        t.m = 5;
        _opens(t);
        t.witnesses = _witnesses(16);
        t.m = 16;
        _opens(t);
        Witness[] memory many = new Witness[](17);
        for (uint256 i = 0; i < 17; i++) {
            many[i].key = address(uint160(i + 1));
        }
        t.witnesses = many;
        _isRefused(t, TermsCheck.BadQuorum.selector);
        t.witnesses = new Witness[](0);
        _isRefused(t, TermsCheck.BadQuorum.selector);
    }

    function test_witness_keys_ascend_without_zero() public {
        Terms memory t = _terms();
        t.witnesses[0].key = address(0);
        _isRefused(t, abi.encodeWithSelector(TermsCheck.BadWitness.selector, 0));
        t = _terms();
        t.witnesses[3].key = t.witnesses[2].key;
        _isRefused(t, abi.encodeWithSelector(TermsCheck.BadWitness.selector, 3));
        t = _terms();
        (t.witnesses[1], t.witnesses[2]) = (t.witnesses[2], t.witnesses[1]);
        _isRefused(t, abi.encodeWithSelector(TermsCheck.BadWitness.selector, 2));
    }

    function test_there_are_one_to_eight_tiers() public {
        Terms memory t = _terms();
        t.tiers = new Tier[](0);
        _isRefused(t, TermsCheck.BadTierCount.selector);
        t.tiers = new Tier[](9);
        _isRefused(t, TermsCheck.BadTierCount.selector);
        t.tiers = new Tier[](8);
        for (uint256 i = 0; i < 8; i++) {
            t.tiers[i] = Tier(uint64(8 - i), 8, uint96(i + 1));
        }
        _opens(t);
    }

    function test_ratios_fall_strictly_from_at_most_one() public {
        Terms memory t = _terms();
        t.tiers[0].num = 101;
        _isRefused(t, abi.encodeWithSelector(TermsCheck.BadTierRow.selector, 0));
        t.tiers[0].num = 100;
        _opens(t);
        t.tiers[1] = Tier(100, 100, 250);
        _isRefused(t, abi.encodeWithSelector(TermsCheck.BadTierRow.selector, 1));
        t.tiers[1] = Tier(type(uint64).max - 1, type(uint64).max, 250);
        _opens(t);
        t.tiers[1].den = 0;
        _isRefused(t, abi.encodeWithSelector(TermsCheck.BadTierRow.selector, 1));
        t = _terms();
        t.tiers[0] = Tier(0, 0, 100);
        _isRefused(t, abi.encodeWithSelector(TermsCheck.BadTierRow.selector, 0));
    }

    function test_payouts_rise_strictly_from_above_zero_up_to_the_cap() public {
        Terms memory t = _terms();
        t.tiers[0].payout = 0;
        _isRefused(t, abi.encodeWithSelector(TermsCheck.BadTierRow.selector, 0));
        t = _terms();
        t.tiers[2].payout = t.tiers[1].payout;
        _isRefused(t, abi.encodeWithSelector(TermsCheck.BadTierRow.selector, 2));
        t = _terms();
        t.cap = t.tiers[2].payout - 1;
        _isRefused(t, TermsCheck.BadCap.selector);
        t.cap++;
        _opens(t);
    }
}
