// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";

import {Terms} from "./Terms.sol";

/// @title One agreement: an escrow that pays its customer for windows which m of n witnesses call breached.
/// @notice It has no owner, no pause and no upgrade. Its terms are part of its code. Anyone may fund it by a plain
/// transfer of the asset, and anyone may bring a report. Protocol sections 7, 8 and 10 are its specification.
interface IWeirAgreement is IERC5267 {
    /// @notice `fresh` windows of `word` reached `tier`. `due` became payable, `paid` of it was delivered at once.
    event Settled(uint64 indexed word, uint256 fresh, uint8 tier, bytes32 evidenceRoot, uint256 due, uint256 paid);

    /// @notice What was due and could not be delivered grew to `owed`.
    event Owed(uint256 owed);

    /// @notice `amount` of what was owed went to `to`; `owed` is left.
    event Paid(address indexed to, uint256 amount, uint256 owed);

    /// @notice After the last claim window the provider took `amount` back.
    event Withdrawn(address indexed to, uint256 amount);

    /// @notice 7.1: called from within a push of the same agreement.
    error Locked();
    /// @notice 7.2: version 1 has one witness set, epoch 0.
    error WrongEpoch();
    /// @notice 7.3: the tier is not one of the terms.
    error BadTier();
    /// @notice 7.4: no window, a bit beyond the word, or a window beyond the last.
    error BadMask();
    /// @notice 7.5: the latest window is not payable yet; for `withdraw`: a report may still come.
    error TooEarly();
    /// @notice 7.6: the claim window of the earliest window is over.
    error TooLate();
    /// @notice 7.7: the windows belong to two cap periods.
    error MixedPeriods();
    /// @notice 7.8: every window of the mask already stands at this tier or a worse one.
    error NothingNew();
    /// @notice 7.9: not exactly m known witnesses with one signature each.
    error BadSigners();
    /// @notice 7.10: the signature that should be by witness `index` is not.
    error BadSignature(uint256 index);
    /// @notice 7: too little gas is left to give a push its fixed amount.
    error LowGas();
    /// @notice `claim` is the customer's alone.
    error NotCustomer();
    /// @notice `withdraw` is the provider's alone.
    error NotProvider();
    /// @notice The zero address and the agreement itself cannot be paid.
    error BadRecipient();
    /// @notice Nothing is owed, or nothing is there to pay it with.
    error NothingToPay();
    /// @notice The recipient or the token refused the transfer.
    error PushFailed();
    /// @notice Native coin was sent to an agreement about a token; it could never leave again.
    error WrongAsset();

    /// @notice Brings the witnesses' word that every window in `mask` is breached at `tier` or worse, and pays for it.
    /// @param epoch Witness set; 0.
    /// @param word Which run of L = 255/T windows the mask is about: bit b is window `word * L + b`.
    /// @param mask The windows.
    /// @param tier 1 is the mildest.
    /// @param evidenceRoot Tree hash over the opinions behind the report (protocol section 6).
    /// @param who Bit i: witness i signed.
    /// @param sigs 64 bytes (EIP-2098) per signer, in order of index.
    function report(
        uint64 epoch,
        uint64 word,
        uint256 mask,
        uint8 tier,
        bytes32 evidenceRoot,
        uint256 who,
        bytes calldata sigs
    ) external;

    /// @notice Pays the customer what is owed, as far as the balance goes. Anyone may call it.
    function payOwed() external;

    /// @notice The same for the customer alone, to an address of its choice.
    function claim(address to) external;

    /// @notice Returns to the provider, after the last claim window, what is not owed.
    function withdraw(address to) external;

    /// @notice The terms, as given to the factory.
    function terms() external view returns (Terms memory);

    /// @notice EIP-712 hash of the terms.
    function termsHash() external view returns (bytes32);

    /// @notice Tier at which window `w` stands; 0: not reported.
    function level(uint64 w) external view returns (uint256);

    /// @notice What a report would add now: its new windows and its amount. Looks at no time and no signature, and
    /// answers (0, 0) where a report would be `NothingNew`.
    function preview(uint64 word, uint256 mask, uint8 tier) external view returns (uint256 fresh, uint256 due);

    /// @notice First second of window `w`; the end of window `w` is `windowStart(w + 1)`.
    function windowStart(uint64 w) external view returns (uint256);

    /// @notice Bit L(j-1)+b is set when window `word * L + b` was reported at tier j or worse. Bit 255 of word 0 means
    /// nothing: it was set at creation so that the first report pays less gas.
    function lanes(uint64 word) external view returns (uint256);

    /// @notice Due and not delivered.
    function owed() external view returns (uint256);

    /// @notice Due so far in cap period `period`; stays 0 where the cap cannot bind.
    function used(uint256 period) external view returns (uint256);
}
