// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DemoToken} from "contracts/DemoToken.sol";
import {Terms, Tier, Witness} from "contracts/Terms.sol";
import {WeirAgreement} from "contracts/WeirAgreement.sol";
import {WeirFactory} from "contracts/WeirFactory.sol";

import {Vm} from "./Vm.sol";

/// @notice The arguments of one call of `report`.
struct Report {
    uint64 epoch;
    uint64 word;
    uint256 mask;
    uint8 tier;
    bytes32 evidenceRoot;
    uint256 who;
    bytes sigs;
}

/// @title What all contract tests share: witnesses, terms, signing, and a few checks.
abstract contract Base {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    address internal constant PROVIDER = address(0xA11CE);
    address internal constant CUSTOMER = address(0xB0B);
    address internal constant ANYBODY = address(0xCAFE);
    bytes32 internal constant ROOT = keccak256("evidence");
    /// Tuesday, 2027-01-05 00:00:00.
    uint256 internal constant NOW = 1799107200;
    uint256 internal constant N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    WeirFactory internal factory;
    DemoToken internal token;
    /// Private keys of sixteen witnesses, in ascending order of their addresses.
    uint256[16] internal keys;

    function setUp() public virtual {
        vm.warp(NOW);
        factory = WeirFactory(_create(_committed("WeirFactory")));
        token = DemoToken(_create(_committed("DemoToken")));
        for (uint256 i = 0; i < 16; i++) {
            uint256 key = uint256(keccak256(abi.encode("witness", i)));
            uint256 place = i;
            for (; place > 0 && vm.addr(keys[place - 1]) > vm.addr(key); place--) {
                keys[place] = keys[place - 1];
            }
            keys[place] = key;
        }
    }

    /// @dev The bytes that the program deploys, and not those that a compilation together with the tests gives.
    function _committed(string memory name) internal view returns (bytes memory) {
        return vm.parseJsonBytes(vm.readFile(string.concat("rails/evm/artifacts/", name, ".json")), ".creation");
    }

    function _create(bytes memory code) internal returns (address created) {
        assembly ("memory-safe") {
            created := create(0, add(code, 32), mload(code))
        }
        require(created != address(0), "deployment failed");
    }

    /// @notice 3 of 5, three tiers, 100 windows of a minute, a cap that cannot bind, native coin.
    function _terms() internal view returns (Terms memory t) {
        t.provider = PROVIDER;
        t.customer = CUSTOMER;
        t.gauge = keccak256("gauge");
        t.document = keccak256("document");
        t.length = 60;
        t.start = uint64(block.timestamp + 40);
        t.count = 100;
        t.settleDelay = 10;
        t.claimWindow = 600;
        t.maxSkewMs = 500;
        t.cap = 100 * 600;
        t.m = 3;
        t.witnesses = _witnesses(5);
        t.tiers = new Tier[](3);
        t.tiers[0] = Tier(95, 100, 100);
        t.tiers[1] = Tier(9, 10, 250);
        t.tiers[2] = Tier(1, 2, 600);
    }

    function _witnesses(uint256 n) internal view returns (Witness[] memory list) {
        list = new Witness[](n);
        for (uint256 i = 0; i < n; i++) {
            list[i] = Witness(vm.addr(keys[i]), keccak256(abi.encode("node", i)));
        }
    }

    function _open(Terms memory t) internal returns (WeirAgreement) {
        return WeirAgreement(payable(factory.open(t)));
    }

    /// @notice Opens with native funds.
    function _openFunded(Terms memory t) internal returns (WeirAgreement a) {
        a = _open(t);
        _fund(a, t.asset, 1000000);
    }

    function _fund(WeirAgreement a, address asset, uint256 amount) internal {
        if (asset == address(0)) {
            vm.deal(address(this), amount);
            (bool sent,) = address(a).call{value: amount}("");
            require(sent, "funding failed");
        } else {
            DemoToken(asset).mint(address(a), amount);
        }
    }

    /// @notice A report by witnesses 0..m-1, correctly signed.
    function _signed(WeirAgreement a, uint64 word, uint256 mask, uint8 tier) internal view returns (Report memory r) {
        r = Report(0, word, mask, tier, ROOT, (1 << a.terms().m) - 1, "");
        r.sigs = _signatures(r.who, _digest(a, r));
    }

    /// @notice EIP-2098 signatures of `digest` by all witnesses of `who`, ascending.
    function _signatures(uint256 who, bytes32 digest) internal view returns (bytes memory sigs) {
        for (uint256 i = 0; i < 16; i++) {
            if (who >> i & 1 != 0) sigs = bytes.concat(sigs, _signature(i, digest));
        }
    }

    function _signature(uint256 witness, bytes32 digest) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[witness], digest);
        return abi.encodePacked(r, bytes32(uint256(v - 27) << 255 | uint256(s)));
    }

    /// @notice EIP-712 digest of the report, spelled out independently of the contract.
    function _digest(WeirAgreement a, Report memory r) internal view returns (bytes32) {
        return _digestIn(block.chainid, address(a), a.termsHash(), r);
    }

    function _digestIn(uint256 chain, address agreement, bytes32 hash, Report memory r) internal pure returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("weir"),
                keccak256("1"),
                chain,
                agreement
            )
        );
        bytes32 breach = keccak256(
            abi.encode(
                keccak256("Breach(bytes32 terms,uint64 epoch,uint64 word,uint256 mask,uint8 tier,bytes32 evidenceRoot)"),
                hash,
                r.epoch,
                r.word,
                r.mask,
                r.tier,
                r.evidenceRoot
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, breach));
    }

    function _send(WeirAgreement a, Report memory r) internal {
        a.report(r.epoch, r.word, r.mask, r.tier, r.evidenceRoot, r.who, r.sigs);
    }

    /// @notice Signs and sends.
    function _report(WeirAgreement a, uint64 word, uint256 mask, uint8 tier) internal {
        _send(a, _signed(a, word, mask, tier));
    }

    function _calldata(Report memory r) internal pure returns (bytes memory) {
        return abi.encodeCall(
            WeirAgreement.report, (r.epoch, r.word, r.mask, r.tier, r.evidenceRoot, r.who, r.sigs)
        );
    }

    /// @notice Sends and expects exactly this revert data.
    function _refused(WeirAgreement a, Report memory r, bytes memory why) internal {
        vm.expectRevert(why);
        _send(a, r);
    }

    function _refused(WeirAgreement a, Report memory r, bytes4 why) internal {
        _refused(a, r, abi.encodePacked(why));
    }

    function eq(uint256 got, uint256 wanted, string memory what) internal pure {
        if (got != wanted) revert(string.concat(what, ": ", vm.toString(got), " instead of ", vm.toString(wanted)));
    }

    function eq(address got, address wanted, string memory what) internal pure {
        eq(uint160(got), uint160(wanted), what);
    }

    function eq(bytes32 got, bytes32 wanted, string memory what) internal pure {
        eq(uint256(got), uint256(wanted), what);
    }
}
