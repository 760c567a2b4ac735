// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DemoToken} from "contracts/DemoToken.sol";

/// @title A recipient that takes native coin in every bad way there is.
contract HostilePayee {
    enum Manner {
        ACCEPT,
        REFUSE,
        BURN_GAS,
        RETURN_BOMB,
        REVERT_BOMB,
        GREEDY,
        CALL_BACK
    }

    Manner public manner;
    address private _target;
    bytes private _data;
    /// How often it took money readily.
    uint256 public takings;

    function behave(Manner next) external {
        manner = next;
    }

    function callBack(address target, bytes calldata data) external {
        manner = Manner.CALL_BACK;
        (_target, _data) = (target, data);
    }

    /// @notice Calls `target` as this account.
    function perform(address target, bytes calldata data) external {
        (bool done, bytes memory why) = target.call(data);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(why, 32), mload(why))
            }
        }
    }

    receive() external payable {
        if (manner == Manner.ACCEPT) takings++;
        if (manner == Manner.GREEDY) require(msg.value > 100, "too little");
        if (manner == Manner.REFUSE) revert("no");
        if (manner == Manner.BURN_GAS) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (manner == Manner.RETURN_BOMB) {
            assembly ("memory-safe") {
                return(0, 100000)
            }
        }
        if (manner == Manner.REVERT_BOMB) {
            assembly ("memory-safe") {
                revert(0, 100000)
            }
        }
        if (manner == Manner.CALL_BACK) {
            // The answer is emitted, not stored: the 50000 gas of a push would not do for more.
            (bool done, bytes memory why) = _target.call(_data);
            emit CalledBack(done, why);
        }
    }

    event CalledBack(bool done, bytes answer);
}

/// @title A token that misbehaves on transfer.
contract HostileToken is DemoToken {
    enum Manner {
        HONEST,
        FALSE,
        SILENT,
        TWO,
        SHORT,
        REVERT,
        BURN_GAS,
        RETURN_BOMB,
        FEE,
        FALSE_THOUGH_MOVED,
        NO_BALANCE,
        CALL_BACK
    }

    Manner public manner;
    mapping(address account => bool) public frozen;
    address private _target;
    bytes private _data;

    event CalledBack(bool done, bytes answer);

    function behave(Manner next) external {
        manner = next;
    }

    function freeze(address account, bool isFrozen) external {
        frozen[account] = isFrozen;
    }

    function callBack(address target, bytes calldata data) external {
        manner = Manner.CALL_BACK;
        (_target, _data) = (target, data);
    }

    function balanceOf(address account) public view override returns (uint256) {
        if (manner == Manner.NO_BALANCE) revert("no");
        return super.balanceOf(account);
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        require(!frozen[to] && manner != Manner.REVERT && manner != Manner.NO_BALANCE, "frozen");
        if (manner == Manner.FALSE) return false;
        if (manner == Manner.BURN_GAS) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (manner == Manner.CALL_BACK) {
            (bool done, bytes memory why) = _target.call(_data);
            emit CalledBack(done, why);
        }
        _transfer(msg.sender, to, manner == Manner.FEE ? amount - amount / 10 : amount);
        if (manner == Manner.FEE) _burn(msg.sender, amount / 10);
        if (manner == Manner.FALSE_THOUGH_MOVED) return false;
        Manner now_ = manner;
        assembly ("memory-safe") {
            mstore(0, 1)
            switch now_
            case 2 { return(0, 0) }
            case 3 {
                mstore(0, 2)
                return(0, 32)
            }
            case 4 { return(0, 31) }
            case 7 { return(0, 100000) }
        }
        return true;
    }
}
