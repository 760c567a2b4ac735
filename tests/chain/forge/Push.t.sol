// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IWeirAgreement} from "contracts/IWeirAgreement.sol";
import {Terms} from "contracts/Terms.sol";
import {WeirAgreement} from "contracts/WeirAgreement.sol";

import {Base, Report} from "./lib/Base.sol";
import {HostilePayee, HostileToken} from "./lib/Hostile.sol";

/// @notice Goal: no payee and no token can stop, drain or trick an agreement; what cannot be delivered is owed, and
/// nobody but the parties can move money.
/// Method: one misbehaviour at a time; every report raises one window to tier 1, worth 100.
contract PushTest is Base {
    HostilePayee private _payee;
    HostileToken private _bad;
    uint256 private _next;

    function setUp() public override {
        super.setUp();
        _payee = new HostilePayee();
        _bad = new HostileToken();
    }

    function _openFor(address customer, address asset, uint256 funds) private returns (WeirAgreement a) {
        Terms memory t = _terms();
        t.customer = customer;
        t.asset = asset;
        t.claimWindow = 100000;
        a = _open(t);
        _fund(a, asset, funds);
        vm.warp(t.start + 6000 + 10);
    }

    function _expectSettled(WeirAgreement a, uint256 paid, uint256 owed) private {
        vm.expectEmit(true, true, true, true, address(a));
        emit IWeirAgreement.Settled(0, 1 << _next, 1, ROOT, 100, paid);
        if (paid < 100) {
            vm.expectEmit(true, true, true, true, address(a));
            emit IWeirAgreement.Owed(owed);
        }
    }

    /// @dev One more window, of whose 100 exactly `paid` are delivered, so that `owed` is owed.
    function _settles(WeirAgreement a, uint256 paid, uint256 owed) private {
        Report memory r = _signed(a, 0, 1 << _next, 1);
        _expectSettled(a, paid, owed);
        _send(a, r);
        eq(a.owed(), owed, "owed");
        eq(a.level(uint64(_next)), 1, "level");
        _next++;
    }

    function test_a_payee_that_refuses_is_owed_and_paid_later() public {
        WeirAgreement a = _openFor(address(_payee), address(0), 1000);
        _payee.behave(HostilePayee.Manner.REFUSE);
        _settles(a, 0, 100);
        _payee.behave(HostilePayee.Manner.BURN_GAS);
        _settles(a, 0, 200);
        _payee.behave(HostilePayee.Manner.REVERT_BOMB);
        _settles(a, 0, 300);
        vm.expectRevert(abi.encodePacked(IWeirAgreement.PushFailed.selector));
        a.payOwed();
        eq(a.owed(), 300, "still owed");
        _payee.behave(HostilePayee.Manner.ACCEPT);
        _settles(a, 100, 300);
        vm.expectEmit(true, true, true, true, address(a));
        emit IWeirAgreement.Paid(address(_payee), 300, 0);
        vm.prank(ANYBODY);
        a.payOwed();
        eq(address(_payee).balance, 400, "payee");
        eq(address(a).balance, 600, "escrow");
        vm.expectRevert(abi.encodePacked(IWeirAgreement.NothingToPay.selector));
        a.payOwed();
    }

    function test_a_long_answer_costs_its_author() public {
        WeirAgreement a = _openFor(address(_payee), address(0), 1000);
        _payee.behave(HostilePayee.Manner.RETURN_BOMB);
        uint256 gas = gasleft();
        _settles(a, 100, 0);
        require(gas - gasleft() < 250000, "gas");
    }

    function test_a_payee_cannot_enter_again() public {
        WeirAgreement a = _openFor(address(_payee), address(0), 1000);
        bytes memory locked = abi.encodePacked(IWeirAgreement.Locked.selector);
        bytes[3] memory calls = [
            abi.encodeCall(WeirAgreement.payOwed, ()),
            abi.encodeCall(WeirAgreement.claim, (address(_payee))),
            abi.encodeCall(WeirAgreement.withdraw, (address(_payee)))
        ];
        for (uint256 i = 0; i < 3; i++) {
            _payee.callBack(address(a), calls[i]);
            vm.expectEmit(true, true, true, true, address(_payee));
            emit HostilePayee.CalledBack(false, locked);
            _report(a, 0, 1 << _next++, 1);
        }
        _payee.callBack(address(a), _calldata(_signed(a, 0, 1 << 40, 1)));
        vm.expectEmit(true, true, true, true, address(_payee));
        emit HostilePayee.CalledBack(false, locked);
        _report(a, 0, 1 << _next++, 1);
        eq(address(_payee).balance, 400, "paid");
        eq(a.level(40), 0, "not reported from within");
    }

    function test_an_escrow_that_is_too_small_pays_what_it_has() public {
        WeirAgreement a = _openFor(CUSTOMER, address(0), 130);
        _settles(a, 100, 0);
        _settles(a, 30, 70);
        _settles(a, 0, 170);
        eq(CUSTOMER.balance, 130, "customer");
        vm.expectRevert(abi.encodePacked(IWeirAgreement.NothingToPay.selector));
        a.payOwed();
        _fund(a, address(0), 50);
        vm.expectEmit(true, true, true, true, address(a));
        emit IWeirAgreement.Paid(CUSTOMER, 50, 120);
        a.payOwed();
        _fund(a, address(0), 1000);
        a.payOwed();
        eq(CUSTOMER.balance, 300, "customer in the end");
        eq(a.owed(), 0, "owed");
    }

    function test_new_dues_are_pushed_even_while_old_ones_are_owed() public {
        WeirAgreement a = _openFor(CUSTOMER, address(token), 0);
        _settles(a, 0, 100);
        _fund(a, address(token), 150);
        _settles(a, 100, 100);
        _settles(a, 50, 150);
        eq(token.balanceOf(CUSTOMER), 150, "customer");
    }

    function test_a_small_escrow_with_a_refusing_payee() public {
        WeirAgreement a = _openFor(address(_payee), address(0), 40);
        _payee.behave(HostilePayee.Manner.REFUSE);
        _settles(a, 0, 100);
        eq(address(a).balance, 40, "escrow");
    }

    function test_a_payee_that_wants_more_than_is_due_gets_nothing() public {
        WeirAgreement a = _openFor(address(_payee), address(0), 1000);
        _payee.behave(HostilePayee.Manner.GREEDY);
        _settles(a, 0, 100);
        eq(address(a).balance, 1000, "escrow");
    }

    function test_honest_and_silent_tokens_pay() public {
        WeirAgreement a = _openFor(CUSTOMER, address(_bad), 1000);
        _settles(a, 100, 0);
        _bad.behave(HostileToken.Manner.SILENT);
        _settles(a, 100, 0);
        _bad.behave(HostileToken.Manner.RETURN_BOMB);
        _settles(a, 100, 0);
        eq(_bad.balanceOf(CUSTOMER), 300, "customer");
    }

    function test_tokens_that_do_not_say_one_have_not_paid() public {
        WeirAgreement a = _openFor(CUSTOMER, address(_bad), 10000);
        HostileToken.Manner[4] memory manners = [
            HostileToken.Manner.FALSE, HostileToken.Manner.REVERT, HostileToken.Manner.BURN_GAS, HostileToken.Manner.NO_BALANCE
        ];
        for (uint256 i = 0; i < 4; i++) {
            _bad.behave(manners[i]);
            _settles(a, 0, 100 * (i + 1));
        }
        _bad.behave(HostileToken.Manner.HONEST);
        a.payOwed();
        eq(_bad.balanceOf(CUSTOMER), 400, "customer");
    }

    /// @dev Such a token lies about its own transfer; the agreement stays solvent by its own books, and the token alone
    /// decides who has what.
    function test_a_token_that_moves_and_denies_it() public {
        WeirAgreement a = _openFor(CUSTOMER, address(_bad), 10000);
        HostileToken.Manner[3] memory manners =
            [HostileToken.Manner.FALSE_THOUGH_MOVED, HostileToken.Manner.TWO, HostileToken.Manner.SHORT];
        for (uint256 i = 0; i < 3; i++) {
            _bad.behave(manners[i]);
            _settles(a, 0, 100 * (i + 1));
        }
    }

    /// @dev Word 1, because then a 1 is left where the answer goes, and 31 zero bytes would complete it to a yes.
    function test_a_short_answer_is_no_answer_whatever_was_in_memory() public {
        WeirAgreement a = _openFor(CUSTOMER, address(_bad), 10000);
        _bad.behave(HostileToken.Manner.SHORT);
        _report(a, 1, 1, 1);
        eq(a.owed(), 100, "owed");
    }

    function test_a_fee_on_transfer_is_the_customers() public {
        WeirAgreement a = _openFor(CUSTOMER, address(_bad), 1000);
        _bad.behave(HostileToken.Manner.FEE);
        _settles(a, 100, 0);
        eq(_bad.balanceOf(CUSTOMER), 90, "customer");
        eq(_bad.balanceOf(address(a)), 900, "escrow");
    }

    function test_a_frozen_customer_claims_to_another_address() public {
        WeirAgreement a = _openFor(CUSTOMER, address(_bad), 1000);
        _bad.freeze(CUSTOMER, true);
        _settles(a, 0, 100);
        vm.expectRevert(abi.encodePacked(IWeirAgreement.PushFailed.selector));
        a.payOwed();
        vm.expectRevert(abi.encodePacked(IWeirAgreement.NotCustomer.selector));
        a.claim(ANYBODY);
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodePacked(IWeirAgreement.NotCustomer.selector));
        a.claim(PROVIDER);
        vm.prank(CUSTOMER);
        vm.expectEmit(true, true, true, true, address(a));
        emit IWeirAgreement.Paid(ANYBODY, 100, 0);
        a.claim(ANYBODY);
        eq(_bad.balanceOf(ANYBODY), 100, "claimed");
        vm.prank(CUSTOMER);
        vm.expectRevert(abi.encodePacked(IWeirAgreement.NothingToPay.selector));
        a.claim(ANYBODY);
    }

    function test_a_token_cannot_enter_again() public {
        WeirAgreement a = _openFor(CUSTOMER, address(_bad), 1000);
        _bad.callBack(address(a), abi.encodeCall(WeirAgreement.payOwed, ()));
        vm.expectEmit(true, true, true, true, address(_bad));
        emit HostileToken.CalledBack(false, abi.encodePacked(IWeirAgreement.Locked.selector));
        _settlesQuietly(a);
        _bad.callBack(address(a), _calldata(_signed(a, 0, 1 << 40, 1)));
        vm.expectEmit(true, true, true, true, address(_bad));
        emit HostileToken.CalledBack(false, abi.encodePacked(IWeirAgreement.Locked.selector));
        _settlesQuietly(a);
        eq(_bad.balanceOf(CUSTOMER), 200, "customer");
    }

    function _settlesQuietly(WeirAgreement a) private {
        _send(a, _signed(a, 0, 1 << _next++, 1));
    }

    function test_an_asset_without_code_delivers_nothing() public {
        Terms memory t = _terms();
        t.asset = address(0xDEAD);
        WeirAgreement a = _open(t);
        vm.warp(t.start + 80);
        _settles(a, 0, 100);
    }

    function test_a_report_with_too_little_gas_reverts_as_a_whole() public {
        for (uint256 kind = 0; kind < 2; kind++) {
            vm.warp(NOW + kind * 100000);
            WeirAgreement a = _openFor(CUSTOMER, kind == 0 ? address(0) : address(token), 1000);
            bytes memory call_ = _calldata(_signed(a, 0, 1, 1));
            uint256 fixedGas = kind == 0 ? 90000 : 240000;
            bytes memory why;
            bool done = false;
            uint256 limit = fixedGas;
            // From below upward: every failure is LowGas or plainly out of gas, and nothing is ever half done.
            for (; !done; limit += 2000) {
                (done, why) = address(a).call{gas: limit}(call_);
                if (!done) require(why.length == 0 || bytes4(why) == IWeirAgreement.LowGas.selector, "another failure");
                eq(a.level(0), done ? 1 : 0, "level");
            }
            eq(a.owed(), 0, "a report that passes has paid");
            // The call itself needs some 30000 before its push.
            require(limit > fixedGas + 10000 && limit < fixedGas + 60000, "limit");
        }
    }

    /// @dev The limits that the page about the contracts names, less what a transaction costs before its first step.
    function test_the_documented_gas_limits_suffice() public {
        WeirAgreement good = _openFor(CUSTOMER, address(0), 1000);
        bytes memory first = _calldata(_signed(good, 0, 1, 1));
        (bool went,) = address(good).call{gas: 250000 - 30000}(first);
        require(went, "native that pays");
        vm.warp(block.timestamp + 1000000);
        good = _openFor(CUSTOMER, address(token), 1000);
        first = _calldata(_signed(good, 0, 1, 1));
        (went,) = address(good).call{gas: 450000 - 30000}(first);
        require(went, "token that pays");
        vm.warp(block.timestamp + 1000000);
        _payee.behave(HostilePayee.Manner.BURN_GAS);
        WeirAgreement a = _openFor(address(_payee), address(0), 40);
        bytes memory call_ = _calldata(_signed(a, 0, 1, 1));
        (bool done,) = address(a).call{gas: 400000 - 30000}(call_);
        require(done, "native");
        vm.warp(block.timestamp + 1000000);
        a = _openFor(CUSTOMER, address(_bad), 40);
        _bad.behave(HostileToken.Manner.BURN_GAS);
        call_ = _calldata(_signed(a, 0, 1, 1));
        (done,) = address(a).call{gas: 1000000 - 30000}(call_);
        require(done, "token");
        eq(a.owed(), 100, "owed");
    }

    function test_the_provider_takes_the_rest_after_the_last_claim_window() public {
        WeirAgreement a = _openFor(CUSTOMER, address(0), 1000);
        uint256 over = a.windowStart(100) + a.terms().claimWindow;
        _settles(a, 100, 0);
        vm.warp(over - 1);
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodePacked(IWeirAgreement.TooEarly.selector));
        a.withdraw(PROVIDER);
        vm.warp(over);
        vm.expectRevert(abi.encodePacked(IWeirAgreement.NotProvider.selector));
        a.withdraw(ANYBODY);
        vm.prank(CUSTOMER);
        vm.expectRevert(abi.encodePacked(IWeirAgreement.NotProvider.selector));
        a.withdraw(CUSTOMER);
        vm.prank(PROVIDER);
        vm.expectEmit(true, true, true, true, address(a));
        emit IWeirAgreement.Withdrawn(ANYBODY, 900);
        a.withdraw(ANYBODY);
        eq(ANYBODY.balance, 900, "withdrawn");
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodePacked(IWeirAgreement.NothingToPay.selector));
        a.withdraw(ANYBODY);
    }

    function test_what_is_owed_is_not_the_providers() public {
        WeirAgreement a = _openFor(address(_payee), address(0), 150);
        _payee.behave(HostilePayee.Manner.REFUSE);
        _settles(a, 0, 100);
        vm.warp(block.timestamp + 1000000);
        vm.prank(PROVIDER);
        a.withdraw(PROVIDER);
        eq(PROVIDER.balance, 50, "provider");
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodePacked(IWeirAgreement.NothingToPay.selector));
        a.withdraw(PROVIDER);
        _payee.perform(address(a), abi.encodeCall(WeirAgreement.claim, (CUSTOMER)));
        eq(CUSTOMER.balance, 100, "customer");
    }

    function test_a_recipient_that_refuses_leaves_everything_as_it_was() public {
        WeirAgreement a = _openFor(CUSTOMER, address(0), 1000);
        vm.warp(block.timestamp + 1000000);
        _payee.behave(HostilePayee.Manner.REFUSE);
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodePacked(IWeirAgreement.PushFailed.selector));
        a.withdraw(address(_payee));
        address[2] memory nobody = [address(0), address(a)];
        for (uint256 i = 0; i < 2; i++) {
            vm.prank(PROVIDER);
            vm.expectRevert(abi.encodePacked(IWeirAgreement.BadRecipient.selector));
            a.withdraw(nobody[i]);
        }
        eq(address(a).balance, 1000, "escrow");
    }

    function test_claims_to_nobody_are_refused() public {
        WeirAgreement a = _openFor(address(_payee), address(0), 1000);
        _payee.behave(HostilePayee.Manner.REFUSE);
        _settles(a, 0, 100);
        address[2] memory nobody = [address(0), address(a)];
        for (uint256 i = 0; i < 2; i++) {
            vm.expectRevert(abi.encodePacked(IWeirAgreement.BadRecipient.selector));
            _payee.perform(address(a), abi.encodeCall(WeirAgreement.claim, (nobody[i])));
        }
        eq(a.owed(), 100, "owed");
    }

    function test_native_coin_for_a_token_agreement_is_refused() public {
        WeirAgreement a = _openFor(CUSTOMER, address(token), 1000);
        vm.deal(address(this), 1);
        (bool sent, bytes memory why) = address(a).call{value: 1}("");
        require(!sent && bytes4(why) == IWeirAgreement.WrongAsset.selector, "took it");
    }

    function test_a_due_of_zero_pushes_nothing() public {
        Terms memory t = _terms();
        t.customer = address(_payee);
        t.cap = 600;
        WeirAgreement a = _openFunded(t);
        vm.warp(t.start + 130);
        _report(a, 0, 1, 3);
        eq(_payee.takings(), 1, "pushes");
        vm.expectEmit(true, true, true, true, address(a));
        emit IWeirAgreement.Settled(0, 2, 3, ROOT, 0, 0);
        _report(a, 0, 2, 3);
        eq(a.owed(), 0, "owed");
        eq(_payee.takings(), 1, "pushes after a due of nothing");
    }
}
