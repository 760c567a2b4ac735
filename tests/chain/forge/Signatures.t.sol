// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IWeirAgreement} from "contracts/IWeirAgreement.sol";
import {Signatures} from "contracts/Signatures.sol";
import {Terms} from "contracts/Terms.sol";
import {WeirAgreement} from "contracts/WeirAgreement.sol";

import {Base, Report} from "./lib/Base.sol";

/// @notice Goal: exactly m different known witnesses, each with its one low signature over exactly this report.
/// Method: one good report, changed in one place at a time.
contract SignaturesTest is Base {
    WeirAgreement private _a;

    function setUp() public override {
        super.setUp();
        Terms memory t = _terms();
        _a = _openFunded(t);
        vm.warp(t.start + 120);
    }

    function _badSignature(uint256 index) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IWeirAgreement.BadSignature.selector, index);
    }

    function testFuzz_any_m_witnesses_do(uint8 seed) public {
        uint256 who = _anyThree(seed);
        Report memory r = _signed(_a, 0, 1, 1);
        r.who = who;
        r.sigs = _signatures(who, _digest(_a, r));
        _send(_a, r);
        eq(_a.level(0), 1, "level");
    }

    function _anyThree(uint256 seed) private pure returns (uint256 who) {
        who = 0x1f;
        who &= ~(1 << seed % 5);
        uint256 second = seed / 5 % 5;
        if (who >> second & 1 == 0) second = (second + 1) % 5;
        who &= ~(1 << second);
    }

    function test_fewer_or_more_than_m_are_refused() public {
        Report memory r = _signed(_a, 0, 1, 1);
        for (uint256 n = 0; n < 6; n++) {
            if (n == 3) continue;
            r.who = (1 << n) - 1;
            r.sigs = _signatures(r.who, _digest(_a, r));
            _refused(_a, r, IWeirAgreement.BadSigners.selector);
        }
    }

    function test_a_witness_that_is_not_in_the_terms_is_refused() public {
        Report memory r = _signed(_a, 0, 1, 1);
        r.who = 1 << 5 | 3;
        r.sigs = _signatures(r.who, _digest(_a, r));
        _refused(_a, r, IWeirAgreement.BadSigners.selector);
        r.who = 1 << 255 | 3;
        _refused(_a, r, IWeirAgreement.BadSigners.selector);
    }

    function test_signatures_have_64_bytes_each() public {
        Report memory r = _signed(_a, 0, 1, 1);
        bytes memory all = r.sigs;
        r.sigs = bytes.concat(all, hex"00");
        _refused(_a, r, IWeirAgreement.BadSigners.selector);
        r.sigs = bytes.concat(all, _signature(3, _digest(_a, r)));
        _refused(_a, r, IWeirAgreement.BadSigners.selector);
        r.sigs = new bytes(191);
        _refused(_a, r, IWeirAgreement.BadSigners.selector);
        r.sigs = "";
        _refused(_a, r, IWeirAgreement.BadSigners.selector);
    }

    function test_one_witness_cannot_count_twice() public {
        Report memory r = _signed(_a, 0, 1, 1);
        bytes memory one = _signature(0, _digest(_a, r));
        bytes memory two = _signature(1, _digest(_a, r));
        r.sigs = bytes.concat(one, one, two);
        _refused(_a, r, _badSignature(1));
        r.sigs = bytes.concat(one, two, two);
        _refused(_a, r, _badSignature(2));
    }

    function test_signatures_come_in_order_of_index() public {
        Report memory r = _signed(_a, 0, 1, 1);
        bytes32 digest = _digest(_a, r);
        r.sigs = bytes.concat(_signature(1, digest), _signature(0, digest), _signature(2, digest));
        _refused(_a, r, _badSignature(0));
        r.sigs = bytes.concat(_signature(0, digest), _signature(2, digest), _signature(1, digest));
        _refused(_a, r, _badSignature(1));
    }

    function test_the_high_twin_of_a_signature_is_refused() public {
        Report memory r = _signed(_a, 0, 1, 1);
        (uint8 v, bytes32 rr, bytes32 s) = vm.sign(keys[2], _digest(_a, r));
        // EIP-2098 has no room for s above 2^255, so the twin stands only if that bit is read as the parity.
        uint256 high = N - uint256(s);
        bytes memory low = bytes.concat(_signature(0, _digest(_a, r)), _signature(1, _digest(_a, r)));
        r.sigs = bytes.concat(low, rr, bytes32(uint256(28 - v) << 255 | high));
        _refused(_a, r, _badSignature(2));
        r.sigs = bytes.concat(low, rr, bytes32(high));
        _refused(_a, r, _badSignature(2));
    }

    function test_recover_knows_the_edges_of_r_and_s() public view {
        bytes32 digest = keccak256("digest");
        uint256 half = N / 2;
        eq(this.recover(digest, abi.encode(uint256(1), half + 1)), address(0), "s above half the order");
        require(this.recover(digest, abi.encode(uint256(1), half)) != address(0), "s of half the order");
        eq(this.recover(digest, abi.encode(uint256(1), uint256(0))), address(0), "s of zero");
        eq(this.recover(digest, abi.encode(uint256(0), uint256(1))), address(0), "r of zero");
        eq(this.recover(digest, abi.encode(N, uint256(1))), address(0), "r of the order");
        eq(this.recover(digest, abi.encode(uint256(5), uint256(1))), address(0), "r on no point");
    }

    function testFuzz_recover_finds_the_signer(uint256 key, bytes32 digest) public view {
        key = 1 + key % (N - 1);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        bytes memory sig = abi.encodePacked(r, bytes32(uint256(v - 27) << 255 | uint256(s)));
        eq(this.recover(digest, sig), vm.addr(key), "signer");
    }

    function recover(bytes32 digest, bytes calldata sig) external pure returns (address) {
        return Signatures.recover(digest, sig, 0);
    }

    function test_a_signature_counts_for_one_chain_contract_and_agreement() public {
        Report memory r = _signed(_a, 0, 1, 1);
        r.sigs = _signatures(7, _digestIn(1, address(_a), _a.termsHash(), r));
        _refused(_a, r, _badSignature(0));
        r.sigs = _signatures(7, _digestIn(block.chainid, address(factory), _a.termsHash(), r));
        _refused(_a, r, _badSignature(0));
        r.sigs = _signatures(7, _digestIn(block.chainid, address(_a), bytes32(uint256(_a.termsHash()) ^ 1), r));
        _refused(_a, r, _badSignature(0));
    }

    function test_the_domain_follows_the_chain_id() public {
        Report memory r = _signed(_a, 0, 1, 1);
        vm.chainId(block.chainid + 1);
        _refused(_a, r, _badSignature(0));
        _report(_a, 0, 1, 1);
    }

    function testFuzz_every_field_is_signed(uint256 mask, uint8 tier, bytes32 root) public {
        Report memory r = _signed(_a, 0, 1, 1);
        r.mask = mask % 4;
        r.tier = tier % 4;
        r.evidenceRoot = root;
        vm.assume(r.mask != 1 || r.tier != 1 || root != ROOT);
        if (r.tier == 0) return _refused(_a, r, IWeirAgreement.BadTier.selector);
        if (r.mask == 0) return _refused(_a, r, IWeirAgreement.BadMask.selector);
        if (r.mask > 1) return _refused(_a, r, IWeirAgreement.TooEarly.selector);
        _refused(_a, r, _badSignature(0));
    }

    function test_a_report_signed_for_another_epoch_is_refused() public {
        Report memory r = _signed(_a, 0, 1, 1);
        r.epoch = 1;
        r.sigs = _signatures(7, _digest(_a, r));
        _refused(_a, r, IWeirAgreement.WrongEpoch.selector);
        r.epoch = 0;
        _refused(_a, r, _badSignature(0));
    }

    function test_sixteen_of_sixteen_witnesses() public {
        vm.warp(NOW);
        Terms memory t = _terms();
        t.witnesses = _witnesses(16);
        t.m = 16;
        WeirAgreement a = _openFunded(t);
        vm.warp(t.start + 120);
        Report memory r = _signed(a, 0, 1, 3);
        r.sigs[15 * 64] ^= 0x01;
        _refused(a, r, _badSignature(15));
        r.sigs[15 * 64] ^= 0x01;
        _send(a, r);
        eq(CUSTOMER.balance, 600, "paid");
    }

    function test_the_domain_is_told_by_eip_5267() public view {
        (bytes1 fields, string memory name, string memory version, uint256 chain, address verifier, bytes32 salt, uint256[] memory more) =
            _a.eip712Domain();
        eq(uint8(fields), 0x0f, "fields");
        eq(keccak256(bytes(name)), keccak256("weir"), "name");
        eq(keccak256(bytes(version)), keccak256("1"), "version");
        eq(chain, block.chainid, "chain");
        eq(verifier, address(_a), "contract");
        eq(salt, 0, "salt");
        eq(more.length, 0, "extensions");
    }
}
