// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IWeirAgreement} from "contracts/IWeirAgreement.sol";
import {Terms, Tier} from "contracts/Terms.sol";
import {WeirAgreement} from "contracts/WeirAgreement.sol";

import {Base, Report} from "./Base.sol";
import {HostilePayee, HostileToken} from "./Hostile.sol";

/// @title One agreement with random terms, beside a plain model of protocol sections 7 and 8.
/// @notice Every action first asks the model what must happen (the exact revert data, or all amounts), then acts, then
/// compares. The model knows no bitmaps: it has one level per window, and counts days to know the calendar.
contract Ghost is Base {
    uint256 private constant MONTHS_MAX = 30;

    // Several ghosts share one chain, so none shares an account with another.
    address private immutable _provider = _account("provider");
    address private immutable _anybody = _account("anybody");
    address private immutable _claimTo = _account("claim to");

    Terms private _t;
    WeirAgreement public agreement;
    HostilePayee private _payee;
    HostileToken private _bad;
    bool private _takes = true;

    uint256[] private _starts;
    uint256 private _period;
    bool private _capBinds;

    uint8[] private _level;
    mapping(uint256 period => uint256) private _used;
    uint256 private _received;
    uint256 private _delivered;
    uint256 private _withdrawn;
    uint256 private _owed;
    uint256 private _time;

    uint256 public reports;
    uint256 public steps;

    constructor(uint256 seed) {
        setUp();
        _payee = new HostilePayee();
        _bad = new HostileToken();
        _makeTerms(seed);
        agreement = _open(_t);
        _time = _starts[0];
        for (uint256 w = 0; w < _t.count; w++) {
            _level.push(0);
        }
        uint256 whole = _t.capWindows == 0 || _t.capWindows > _t.count ? _t.count : _t.capWindows;
        _period = whole;
        _capBinds = whole * _payout(_t.tiers.length) > _t.cap;
    }

    function _account(string memory name) private view returns (address) {
        return address(uint160(uint256(keccak256(abi.encode(address(this), name)))));
    }

    function _pick(uint256 seed, string memory what, uint256 below) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, what))) % below;
    }

    function _makeTerms(uint256 seed) private {
        _t.provider = _provider;
        _t.customer = address(_payee);
        _t.asset = _pick(seed, "asset", 2) == 0 ? address(0) : address(_bad);
        _t.calendar = uint8(_pick(seed, "calendar", 3));
        _t.count = uint32(1 + _pick(seed, "count", _t.calendar == 0 ? 300 : MONTHS_MAX));
        _makeWindows(seed);
        _t.early = _pick(seed, "early", 2) == 0;
        uint256 length = _starts[1] - _starts[0];
        _t.settleDelay = _t.early ? 0 : uint32(_pick(seed, "delay", length));
        _t.claimWindow = uint32(_t.settleDelay + 1 + _pick(seed, "claim", 20 * length));
        uint256 n = 1 + _pick(seed, "n", 6);
        _t.m = uint8(1 + _pick(seed, "m", n));
        _copyWitnesses(n);
        uint256 payout = 0;
        for (uint256 j = 1 + _pick(seed, "T", 8); j > 0; j--) {
            payout += 1 + _pick(seed ^ j, "payout", 100);
            _t.tiers.push(Tier(uint64(j), 10, uint96(payout)));
        }
        _t.capWindows = uint32(_pick(seed, "capWindows", _t.count + 3));
        _t.cap = uint96(payout + _pick(seed, "cap", payout * 20));
        _t.nonce = uint64(seed);
    }

    function _copyWitnesses(uint256 n) private {
        for (uint256 i = 0; i < n; i++) {
            _t.witnesses.push(_witnesses(n)[i]);
        }
    }

    /// @dev 2027-02-01 for months, the Monday before it for weeks.
    function _makeWindows(uint256 seed) private {
        uint256 start = _t.calendar == 0 ? NOW + 1 + _pick(seed, "start", 100) : _t.calendar == 1 ? 1800835200 : 1801440000;
        _t.length = _t.calendar == 0 ? uint32(1 + _pick(seed, "length", 100)) : _t.calendar == 1 ? 7 days : 0;
        _t.start = uint64(start);
        for (uint256 w = 0; w <= _t.count; w++) {
            _starts.push(start);
            start += _t.calendar == 2 ? _daysOfMonth(2027 + (w + 1) / 12, (w + 1) % 12) * 1 days : _t.length;
        }
    }

    function _daysOfMonth(uint256 year, uint256 month) private pure returns (uint256) {
        if (month == 1) return year % 4 == 0 ? 29 : 28; // from 2027 on, and not for a century
        return month == 3 || month == 5 || month == 8 || month == 10 ? 30 : 31;
    }

    /// @dev Total for a window at `tier`; 0 for tier 0.
    function _payout(uint256 tier) private view returns (uint256) {
        return tier == 0 ? 0 : _t.tiers[tier - 1].payout;
    }

    function _held() private view returns (uint256) {
        return _received - _delivered - _withdrawn;
    }

    modifier step() {
        vm.warp(_time);
        steps++;
        _;
        check();
    }

    /// @notice Lets time pass: up to two windows.
    function wait(uint256 seed) external step {
        _time += _pick(seed, "wait", 2 * (_starts[1] - _starts[0]) + 1);
    }

    /// @notice Somebody adds money: often too little.
    function fund(uint256 seed) external step {
        uint256 amount = _pick(seed, "fund", 600);
        _fund(agreement, _t.asset, amount);
        _received += amount;
    }

    /// @notice The customer, or the token on its behalf, starts or stops taking money.
    function mood(uint256 seed) external step {
        _takes = _pick(seed, "takes", 3) != 0;
        uint256 manner = _pick(seed, "manner", 3);
        if (_takes) {
            _payee.behave(manner == 0 ? HostilePayee.Manner.RETURN_BOMB : HostilePayee.Manner.ACCEPT);
            _bad.behave(manner == 0 ? HostileToken.Manner.SILENT : HostileToken.Manner.HONEST);
        } else {
            _payee.behave(manner == 0 ? HostilePayee.Manner.BURN_GAS : HostilePayee.Manner.REFUSE);
            _bad.behave(manner == 0 ? HostileToken.Manner.FALSE : HostileToken.Manner.REVERT);
        }
    }

    /// @notice Anyone pays out what is owed.
    function payOwed(uint256) external step {
        uint256 amount = _owed < _held() ? _owed : _held();
        bytes memory why = amount == 0
            ? abi.encodePacked(IWeirAgreement.NothingToPay.selector)
            : _takes ? bytes("") : abi.encodePacked(IWeirAgreement.PushFailed.selector);
        if (_acts(_anybody, abi.encodeCall(WeirAgreement.payOwed, ()), why)) _moved(amount);
    }

    /// @notice The customer or somebody else claims to an account that always takes native coin.
    function claim(uint256 seed) external step {
        bool isCustomer = _pick(seed, "who", 4) != 0;
        uint256 amount = _owed < _held() ? _owed : _held();
        bytes memory why = !isCustomer
            ? abi.encodePacked(IWeirAgreement.NotCustomer.selector)
            : amount == 0
                ? abi.encodePacked(IWeirAgreement.NothingToPay.selector)
                : _sendsTo() ? bytes("") : abi.encodePacked(IWeirAgreement.PushFailed.selector);
        address from = isCustomer ? address(_payee) : _pick(seed, "other", 2) == 0 ? _provider : _anybody;
        if (_acts(from, abi.encodeCall(WeirAgreement.claim, (_claimTo)), why)) _moved(amount);
    }

    /// @notice The provider or somebody else asks for the rest.
    function withdraw(uint256 seed) external step {
        bool isProvider = _pick(seed, "who", 4) != 0;
        bytes memory why = !isProvider
            ? abi.encodePacked(IWeirAgreement.NotProvider.selector)
            : _time < _starts[_t.count] + _t.claimWindow
                ? abi.encodePacked(IWeirAgreement.TooEarly.selector)
                : _held() <= _owed
                    ? abi.encodePacked(IWeirAgreement.NothingToPay.selector)
                    : _sendsTo() ? bytes("") : abi.encodePacked(IWeirAgreement.PushFailed.selector);
        address from = isProvider ? _provider : _pick(seed, "other", 2) == 0 ? address(_payee) : _anybody;
        uint256 amount = _held() > _owed ? _held() - _owed : 0;
        if (_acts(from, abi.encodeCall(WeirAgreement.withdraw, (_provider)), why)) _withdrawn += amount;
    }

    /// @dev Whether a push to a plain account would go through: native coin always does.
    function _sendsTo() private view returns (bool) {
        return _takes || _t.asset == address(0);
    }

    function _moved(uint256 amount) private {
        _owed -= amount;
        _delivered += amount;
    }

    /// @dev Calls as `from`; the outcome must be `why`, where nothing means success.
    function _acts(address from, bytes memory data, bytes memory why) private returns (bool done) {
        bytes memory answer;
        vm.prank(from);
        (done, answer) = address(agreement).call(data);
        require(done == (why.length == 0), done ? "went through" : "was refused");
        if (!done) eq(keccak256(answer), keccak256(why), "reason");
    }

    /// @notice A report, right or wrong in any way.
    function report(uint256 seed) external step {
        (Report memory r, uint256 spoiled) = _makeReport(seed);
        bytes memory why = _objection(r, spoiled);
        if (!_acts(_anybody, _calldata(r), why)) return;
        reports++;
        uint256 lanes = 255 / _t.tiers.length;
        uint256 due = 0;
        uint256 first = type(uint256).max;
        for (uint256 b = 0; b < lanes; b++) {
            if (r.mask >> b & 1 == 0) continue;
            uint256 w = r.word * lanes + b;
            if (first == type(uint256).max) first = w;
            if (_level[w] >= r.tier) continue;
            due += _payout(r.tier) - _payout(_level[w]);
            _level[w] = r.tier;
        }
        if (_capBinds) {
            uint256 room = _t.cap - _used[first / _period];
            if (due > room) due = room;
            _used[first / _period] += due;
        }
        uint256 paid = !_takes ? 0 : due < _held() ? due : _held();
        _delivered += paid;
        _owed += due - paid;
    }

    /// @dev `spoiled` is the index of the first witness whose signature is wrong, or 255.
    function _makeReport(uint256 seed) private view returns (Report memory r, uint256 spoiled) {
        uint256 tiers = _t.tiers.length;
        uint256 lanes = 255 / tiers;
        uint256 w = _nearNow(seed);
        r.epoch = _pick(seed, "epoch", 40) == 0 ? 1 : 0;
        r.word = uint64(w / lanes);
        r.tier = uint8(_pick(seed, "tier", 40) == 0 ? _pick(seed, "odd", 2) * (tiers + 1) : 1 + _pick(seed, "tier2", tiers));
        // Window w and some of the four before it in the same word.
        r.mask = 1 << (w % lanes) | (_pick(seed, "mask", 16) << (w % lanes)) >> 4;
        r.mask &= (1 << lanes) - 1;
        if (_pick(seed, "beyond", 30) == 0) r.mask |= 1 << (lanes + _pick(seed, "bit", 256 - lanes));
        if (_pick(seed, "no mask", 40) == 0) r.mask = 0;
        r.evidenceRoot = bytes32(seed);
        spoiled = 255;
        r.who = _pickWitnesses(seed);
        r.sigs = _signatures(r.who, _digest(agreement, r));
        uint256 flaw = _pick(seed, "flaw", 12);
        if (flaw == 0) r.who ^= 1 << _pick(seed, "who", 8);
        if (flaw == 1) r.sigs = bytes.concat(r.sigs, hex"00");
        if (flaw == 2) {
            uint256 nth = _pick(seed, "spoil", _t.m);
            r.sigs[64 * nth + 1] ^= 0x10;
            for (spoiled = 0; nth > 0 || r.who >> spoiled & 1 == 0; spoiled++) {
                if (r.who >> spoiled & 1 != 0) nth--;
            }
        }
    }

    /// @dev Mostly the latest window that is payable, or one of a few before it.
    function _nearNow(uint256 seed) private view returns (uint256 w) {
        while (w + 1 < _t.count && _starts[_t.early ? w + 1 : w + 2] + _t.settleDelay <= _time) w++;
        uint256 back = _pick(seed, "back", 6);
        w = w + 1 > back ? w + 1 - back : 0;
        if (_pick(seed, "far", 30) == 0) w = _t.count + _pick(seed, "far", 300);
    }

    function _pickWitnesses(uint256 seed) private view returns (uint256 who) {
        uint256 n = _t.witnesses.length;
        uint256 i = _pick(seed, "first", n);
        for (uint256 chosen = 0; chosen < _t.m; chosen++) {
            who |= 1 << i;
            i = (i + 1) % n;
        }
    }

    /// @dev The first rule of section 7 that the report breaks, or nothing.
    function _objection(Report memory r, uint256 spoiled) private view returns (bytes memory) {
        uint256 tiers = _t.tiers.length;
        if (r.epoch != 0) return abi.encodePacked(IWeirAgreement.WrongEpoch.selector);
        if (r.tier < 1 || r.tier > tiers) return abi.encodePacked(IWeirAgreement.BadTier.selector);
        if (r.mask == 0 || r.mask >= 1 << (255 / tiers)) return abi.encodePacked(IWeirAgreement.BadMask.selector);
        (uint256 lo, uint256 hi) = _ends(r, 255 / tiers);
        if (hi >= _t.count) return abi.encodePacked(IWeirAgreement.BadMask.selector);
        uint256 opens = _t.early ? _starts[hi] : _starts[hi + 1] + _t.settleDelay;
        if (_time < opens) return abi.encodePacked(IWeirAgreement.TooEarly.selector);
        if (_time >= _starts[lo + 1] + _t.claimWindow) return abi.encodePacked(IWeirAgreement.TooLate.selector);
        if (_capBinds && lo / _period != hi / _period) return abi.encodePacked(IWeirAgreement.MixedPeriods.selector);
        if (!_isNews(r, 255 / tiers)) return abi.encodePacked(IWeirAgreement.NothingNew.selector);
        return _signerObjection(r, spoiled);
    }

    function _signerObjection(Report memory r, uint256 spoiled) private view returns (bytes memory) {
        uint256 signers = 0;
        for (uint256 i = 0; i < 16; i++) {
            if (r.who >> i & 1 == 0) continue;
            if (i >= _t.witnesses.length) return abi.encodePacked(IWeirAgreement.BadSigners.selector);
            signers++;
        }
        if (signers != _t.m || r.sigs.length != 64 * uint256(_t.m)) {
            return abi.encodePacked(IWeirAgreement.BadSigners.selector);
        }
        return spoiled == 255 ? bytes("") : abi.encodeWithSelector(IWeirAgreement.BadSignature.selector, spoiled);
    }

    function _ends(Report memory r, uint256 lanes) private pure returns (uint256 lo, uint256 hi) {
        lo = type(uint256).max;
        for (uint256 b = 0; b < lanes; b++) {
            if (r.mask >> b & 1 == 0) continue;
            hi = r.word * lanes + b;
            if (lo == type(uint256).max) lo = hi;
        }
    }

    function _isNews(Report memory r, uint256 lanes) private view returns (bool) {
        for (uint256 b = 0; b < lanes; b++) {
            if (r.mask >> b & 1 != 0 && _level[r.word * lanes + b] < r.tier) return true;
        }
        return false;
    }

    /// @notice The invariants of protocol section 8, and that the agreement and the model agree in everything.
    function check() public view {
        uint256 total = 0;
        uint256 inPeriod = 0;
        for (uint256 w = 0; w < _t.count; w++) {
            inPeriod += _payout(_level[w]);
            if ((w + 1) % _period != 0 && w + 1 != _t.count) continue;
            total += inPeriod > _t.cap ? _t.cap : inPeriod;
            if (_capBinds) eq(agreement.used(w / _period), inPeriod > _t.cap ? _t.cap : inPeriod, "used");
            inPeriod = 0;
        }
        eq(total, _delivered + _owed, "due = delivered + owed");
        eq(agreement.owed(), _owed, "owed");
        eq(_balance(address(agreement)), _held(), "received = delivered + withdrawn + balance");
        eq(_balance(address(_payee)) + _balance(_claimTo), _delivered, "the customer has what was delivered");
        eq(_balance(_provider), _withdrawn, "the provider has what was withdrawn");
        eq(_balance(_anybody), 0, "nobody else gains");
        for (uint256 w = 0; w < _t.count; w += 1 + _t.count / 16) {
            eq(agreement.level(uint64(w)), _level[w], "level");
            eq(agreement.windowStart(uint64(w)), _starts[w], "start");
        }
    }

    function _balance(address account) private view returns (uint256) {
        return _t.asset == address(0) ? account.balance : _bad.balanceOf(account);
    }
}
