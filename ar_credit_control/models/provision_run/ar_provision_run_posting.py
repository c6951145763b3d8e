from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import SQL, format_date, format_list


class ArProvisionRun(models.Model):
    """Entries of a run: its own, and what an earlier run posted later takes back from it.

    After posting, the allowance accounts hold at the date of each posted run what that run says, in whatever
    order runs were posted or cancelled: what is booked at a date is taken back, as a "carry", at the date of
    the next posted run, which had booked up to its own figure already. Of that run, too, what is exchange
    and what is charge or release is then as if all had been posted by their dates.
    """

    _inherit = "ar.provision.run"

    def _post(self):
        self.ensure_one()
        self._lock_company()
        self._check_only_one()
        self._check_date()
        self._check_policy_in_use()
        self._check_accounts()
        if self.kind == "regular":
            self._check_ledger()
            self._take_previous()
        self._write_changes()
        self._check_approved_change()
        if self.kind == "opening":
            self._take_opening()
        else:
            self._check_can_post()
            movements = self._book(self._prepare_changes(), self.date)
            if following := self._get_next_posted(self.date):
                following._carry(movements, self)
        self._write_evidence(
            {"state": "posted", "posted_by_id": self.env.uid, "posted_on": fields.Datetime.now()}
        )
        self._log_posting()

    def _take_previous(self):
        """Compare with the run before as it is now: another one may be posted or cancelled since."""
        previous = self._get_previous_posted()
        if previous != self.previous_id:
            self._write_evidence({"previous_id": previous.id})
            self._write_compared()

    def _log_posting(self):
        """Say in the history what was booked."""
        if self.kind == "opening":
            body = self.env._(
                "Taken over: %s that the allowance accounts held.", self.currency_id.format(self.booked_other)
            )
        elif not self.move_ids:
            body = self.env._("Nothing to book: the allowance accounts held what the run says.")
        elif self.currency_id.is_zero(self.change):
            body = self.env._(
                "Booked between segments only: the allowance stays %s.", self.currency_id.format(self.amount)
            )
        else:
            body = self.env._(
                "Booked %(change)s: the allowance went from %(booked)s to %(amount)s.",
                change=self.currency_id.format(self.change),
                booked=self.currency_id.format(self.booked),
                amount=self.currency_id.format(self.amount),
            )
        self._message_log(body=body)

    def _check_only_one(self):
        if self.search_count(
            [
                ("company_id", "=", self.company_id.id),
                ("date", "=", self.date),
                ("kind", "=", self.kind),
                ("state", "=", "posted"),
            ],
            limit=1,
        ):
            raise UserError(
                self.env._(
                    "%(company)s has a posted run at %(date)s already. Cancel that one first.",
                    company=self.company_id.name,
                    date=format_date(self.env, self.date),
                )
            )

    def _lock_company(self):
        """Let one run at a time be posted or cancelled: by writing, so that a second one sees the first."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE ar_provision_policy SET write_date = write_date WHERE company_id = %s",
                self.company_id.id,
            )
        )

    def _check_can_post(self):
        if reason := self.policy_id._get_no_post_reason():
            raise UserError(reason)
        if locks := self._get_locks(self.date):
            raise UserError(
                self.env._(
                    "%(date)s is in a closed period: %(locks)s. Open it, or make the run at a later date.",
                    date=format_date(self.env, self.date),
                    locks=self.company_id._format_lock_dates(locks),
                )
            )

    def _get_locks(self, date):
        """Return the lock dates of the company and its branches that a date violates."""
        journal = self.policy_id.journal_id
        companies = self.company_id | self.change_ids.company_id
        locks = [
            lock for company in companies for lock in company._get_violated_lock_dates(date, False, journal)
        ]
        return list(dict.fromkeys(locks))

    def _check_approved_change(self):
        """Refuse to post more than who approved may decide: what is booked may have changed since."""
        authority = self.env["ar.credit.authority"]
        amount = self._get_amount_to_cover()
        if not self.decided_by_id or authority._covers(
            self.decided_by_id, self._authority_kind, amount, self.company_id
        ):
            return
        raise UserError(
            self.env._(
                "Since “%(run)s” was approved the ledger changed: it would book %(amount)s, more than "
                "%(person)s may approve. Cancel it and make a new one.",
                run=self.name,
                amount=self.currency_id.format(amount),
                person=self.decided_by_id.sudo().name,  # sudo: the name of a colleague
            )
        )

    # ------------------------------------------------------------------
    # Entries
    # ------------------------------------------------------------------

    def _prepare_changes(self):
        """Return what the run books: values of movements, with the accounts that they are booked against."""
        transfers = self._net({self._get_key(row): row._get_rest() for row in self.change_ids})
        return [
            {
                "kind": kind,
                "company_id": row.company_id,
                "account_id": row.account_id,
                "segment_id": row.segment_id,
                "against_id": account,
                "amount": amount,
            }
            for row in self.change_ids
            for kind, account, amount in row._split(
                self.policy_id.exchange_account_id, transfers[self._get_key(row)]
            )
        ] + self._prepare_transfers(transfers)

    # ------------------------------------------------------------------
    # Transfers
    # ------------------------------------------------------------------

    def _net(self, changes):
        """Return what of changes is neither charge nor release: it goes from segment to segment.

        In a branch and allowance account segments that rise make up for those that fall; only the net is a
        charge or a release. Each shares in proportion to its change.

        :param changes: {(company or branch, allowance account, segment): amount}
        :return: {same key: amount}, adding up to zero in each branch and account
        """
        transfers = dict.fromkeys(changes, 0.0)
        keys = sorted(changes, key=lambda key: tuple(record.id or 0 for record in key))
        for account in dict.fromkeys(key[:2] for key in keys):
            sides = [
                {key: sign * changes[key] for key in keys if key[:2] == account and sign * changes[key] > 0}
                for sign in (1, -1)
            ]
            moved = self.currency_id.round(min(sum(side.values()) for side in sides))
            for sign, side in zip((1, -1), sides, strict=True):
                transfers |= {key: sign * part for key, part in self._spread(side, moved).items()}
        return transfers

    def _spread(self, amounts, total):
        """Return shares in a total in proportion to amounts, rounded so that they add up."""
        whole = sum(amounts.values())
        shares, reached, given = {}, 0.0, 0.0
        for key, amount in amounts.items():
            reached += amount
            end = self.currency_id.round(total * reached / whole)
            shares[key] = self.currency_id.round(end - given)
            given = end
        return shares

    def _prepare_transfers(self, transfers):
        """Return transfers as :meth:`_prepare_changes` does: without profit and loss, unless a segment has
        an analytic account, which then has its share on the charge account."""
        analytic = {key[:2] for key in transfers if key[2].analytic_distribution}
        none = self.env["account.account"]
        return [
            self._prepare_key(key, "transfer", amount, None)
            | {"against_id": self._get_charge_account(key) if key[:2] in analytic else none}
            for key, amount in transfers.items()
            if not self.currency_id.is_zero(amount)
        ]

    def _get_charge_account(self, key):
        """Return where changes of a branch, allowance account and segment are charged."""
        row = self.change_ids.filtered(lambda change: self._get_key(change)[:2] == key[:2])[:1]
        return (row or self.policy_id).expense_account_id

    # ------------------------------------------------------------------
    # The entry
    # ------------------------------------------------------------------

    def _book(self, changes, date):
        """Post one entry for each company or branch, and return the movements."""
        movements = self.env["ar.provision.movement"].sudo()  # sudo: evidence that only runs write
        for company in dict.fromkeys(change["company_id"] for change in changes):
            own = [change for change in changes if change["company_id"] == company]
            # sudo: who posts a run need not be an accountant; what is booked was approved
            moves = self.env["account.move"].sudo().with_company(company)
            move = moves.create(self._prepare_move(company, own, date))
            move.action_post()
            self._write_evidence({"move_ids": [Command.link(move.id)]})
            movements |= movements.create(
                [self._prepare_movement(change, date) | {"move_id": move.id} for change in own]
            )
        return movements

    def _prepare_move(self, company, changes, date):
        ref = self.env._(
            "Loss allowance, %(run)s at %(date)s", run=self.name, date=format_date(self.env, date)
        )
        return {
            "move_type": "entry",
            "company_id": company.id,
            "journal_id": self.policy_id.journal_id.id,
            "date": date,
            "ref": ref,
            "line_ids": [
                Command.create(values) for change in changes for values in self._prepare_move_lines(change)
            ],
        }

    def _prepare_move_lines(self, change):
        """Return the two sides of a change: the allowance, and the loss or income by its segment.

        Transfers without another side make up for each other.
        """
        kinds = dict(self.env["ar.provision.movement"]._fields["kind"]._description_selection(self.env))
        name = " · ".join(filter(None, (self.name, kinds[change["kind"]], change["segment_id"].name)))
        amount = change["amount"]
        against = {
            "account_id": change["against_id"].id,
            "name": name,
            "balance": amount,
            "analytic_distribution": change["segment_id"].analytic_distribution or False,
        }
        return [
            {"account_id": change["account_id"].id, "name": name, "balance": -amount},
            *([against] if change["against_id"] else []),
        ]

    def _prepare_movement(self, change, date):
        return {
            "date": date,
            "kind": change["kind"],
            "company_id": change["company_id"].id,
            "root_company_id": self.company_id.id,
            "account_id": change["account_id"].id,
            "against_account_id": change["against_id"].id,
            "segment_id": change["segment_id"].id,
            "amount": change["amount"],
            "run_id": self.id,
        }

    # ------------------------------------------------------------------
    # Order of runs
    # ------------------------------------------------------------------

    def _get_next_posted(self, date):
        """Return the first other posted run of the company from a date on."""
        return self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("kind", "=", "regular"),
                ("state", "=", "posted"),
                ("date", ">=", date),
                ("id", "!=", self.id),
            ],
            order="date, id",
            limit=1,
        )

    def _carry(self, movements, previous):
        """Take back at this run's date what was booked at an earlier one.

        :param movements: what was booked there
        :param previous: the posted run that is before this one now
        """
        self.ensure_one()
        if changes := self._prepare_carries(movements, previous):
            self._check_can_post()
            self._book(changes, self.date)

    def _prepare_carries(self, movements, previous):
        """Return what is booked to take movements back, as :meth:`_prepare_changes` does.

        Exchange is counted from the run that is before this one now: what of it is more or less than booked
        so far is exchange, the rest of what is taken back is a charge or release. What segments make up for
        each other then is a transfer, too.
        """
        changes = [self._prepare_carry(movement) for movement in movements if movement.kind != "exchange"]
        changes += self._prepare_exchange_carries(movements, previous)
        return changes + self._prepare_net_carries(changes)

    def _prepare_exchange_carries(self, movements, previous):
        """Return what is booked to count the exchange of this run anew, and to take back that of others."""
        changes = []
        taken = movements.filtered(lambda movement: movement.kind == "exchange")
        booked = self.sudo().movement_ids.filtered(  # sudo: entries of branches of others, too
            lambda movement: movement.kind == "exchange" and movement.move_id.state == "posted"
        )
        if not (taken or booked or self.policy_id.closing_rate):
            return changes
        exchange = self.env["ar.provision.run.change"]._sum_exchange(self, previous)
        for key in dict.fromkeys([*map(self._get_key, taken + booked), *exchange]):
            of_key = (taken + booked).filtered(lambda movement, key=key: self._get_key(movement) == key)
            amount = exchange.get(key, 0.0) - sum((of_key & booked).mapped("amount"))
            rest = -amount - sum((of_key & taken).mapped("amount"))
            own = of_key.against_account_id[:1] or self.policy_id.exchange_account_id
            changes += [
                self._prepare_key(key, kind, part, account)
                for kind, part, account in (("exchange", amount, own), ("carry", rest, None))
                if not self.currency_id.is_zero(part)
            ]
        return changes

    def _prepare_carry(self, movement):
        """Return the opposite of a movement, against the account on which it was booked."""
        return {
            "kind": "transfer" if movement.kind == "transfer" else "carry",
            "company_id": movement.company_id,
            "account_id": movement.account_id,
            "segment_id": movement.segment_id,
            "against_id": movement.against_account_id,
            "amount": -movement.amount,
        }

    def _prepare_net_carries(self, changes):
        """Return what makes charge and release of this run the net again, after changes that are carried."""
        booked = self.movement_ids.filtered(lambda movement: movement.move_id.state == "posted")
        rows = [(self._get_key(movement), movement.kind, movement.amount) for movement in booked]
        rows += [
            (
                (change["company_id"], change["account_id"], change["segment_id"]),
                change["kind"],
                change["amount"],
            )
            for change in changes
        ]
        rests, transfers = defaultdict(float), defaultdict(float)
        for key, kind, amount in rows:
            if kind != "exchange":
                rests[key] += amount
            if kind == "transfer":
                transfers[key] += amount
        wanted = self._net({key: self.currency_id.round(amount) for key, amount in rests.items()})
        lacking = {key: self.currency_id.round(amount - transfers[key]) for key, amount in wanted.items()}
        return self._prepare_transfers(lacking) + [
            self._prepare_key(key, "carry", -amount, self._get_charge_account(key))
            for key, amount in lacking.items()
            if not self.currency_id.is_zero(amount)
        ]

    def _prepare_key(self, key, kind, amount, account):
        """Return a change of a branch, allowance account and segment; against their charge or release
        account where no other one is given."""
        company, allowance, segment = key
        row = self.change_ids.filtered(lambda change: self._get_key(change) == key)[:1] or self.policy_id
        name = "expense_account_id" if amount > 0 else "release_account_id"
        return {
            "kind": kind,
            "company_id": company,
            "account_id": allowance,
            "segment_id": segment,
            "against_id": account or row[name] or row.expense_account_id,
            "amount": self.currency_id.round(amount),
        }

    @api.model
    def _get_key(self, row):
        """Return what movements and changes are told apart by."""
        return row.company_id, row.account_id, row.segment_id

    # ------------------------------------------------------------------
    # Cancelling
    # ------------------------------------------------------------------

    def action_cancel(self, reason=None):
        """Give up a run; a posted one is reversed, and the runs after it keep their figures.

        The reversal has the run's date, or the first open day after the period was closed.

        :param str reason: kept; without one the dialog that asks for it opens
        :raise AccessError: for a posted one that changed more than the user may decide
        """
        self.check_access("write")
        self._check_state("draft", "submitted", "approved", "posted")
        posted = self.filtered(lambda run: run.state == "posted")
        posted._check_reverses()
        if not reason:
            return self._ask_why_cancelled()
        reason = self._check_reason(reason)
        for run in posted:
            run._lock_company()
            run._reverse()
        self._write_evidence({"state": "cancelled"})
        self._close_request()
        self._log_reason(self.env._("Cancelled"), reason)
        return True

    def _ask_why_cancelled(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_provision_cancel")
        action["context"] = {"default_run_id": self.id}
        return action

    def _check_reverses(self):
        """Refuse to reverse more than a person may decide: whoever posted it does not undo it alone.

        :raise AccessError: naming who may
        """
        for run in self:
            run._check_posts()
            authority = self.env["ar.credit.authority"]
            given = (self._authority_kind, run._get_amount_to_reverse(), run.company_id)
            if self.env.su or authority._covers(self.env.user, *given):
                continue
            people = authority._get_approvers(*given).sudo()  # sudo: names of colleagues
            raise AccessError(
                self.env._(
                    "Cancelling %(run)s is above your authority. Ask %(people)s.",
                    run=run.name,
                    people=format_list(self.env, people.mapped("name"), "or")
                    or self.env._("a credit manager"),
                )
            )

    def _get_amount_to_reverse(self):
        """Return what cancelling changes: what was raised in all or lowered in all, whichever is more."""
        if self.state != "posted":
            return 0.0
        movements = self.sudo().movement_ids  # sudo: of branches that the user does not see, too
        counted = movements.filtered(lambda row: not row.move_id or row.move_id.state == "posted")
        return self._get_larger_side(counted, "amount")

    def _reverse(self):
        self.ensure_one()
        if self.kind == "opening":
            self._void_opening()
            return
        date = self._get_reversal_date()
        counted = self.sudo().movement_ids.filtered(  # sudo: entries of branches of others, too
            lambda movement: movement.move_id.state == "posted"
        )
        mirrored = self._mirror(counted, date, self._reverse_entries(counted.move_id, date))
        if following := self._get_next_posted(date):
            following._carry(mirrored, following._get_previous_posted(but=self))

    def _reverse_entries(self, moves, date):
        """Post the reversals of entries at a date: {entry: its reversal}."""
        if not moves:
            return {}
        moves = moves.sudo()  # sudo: entries of the run itself, see _book
        reversals = moves._reverse_moves(
            [
                {"date": date, "ref": self.env._("Cancelled: %s", move.ref), "journal_id": move.journal_id.id}
                for move in moves
            ]
        )
        reversals.action_post()
        self._write_evidence({"move_ids": [Command.link(move.id) for move in reversals]})
        return {reversal.reversed_entry_id: reversal for reversal in reversals}

    def _get_reversal_date(self):
        """Return when the entries of the run are reversed; say so where it is not the run's date.

        :raise UserError: when the period is closed and another run was posted in it after this one
        """
        date = self._get_open_date()
        if date == self.date:
            return date
        following = self._get_next_posted(self.date)
        if following and following.date < date:
            raise UserError(
                self.env._(
                    "“%(run)s” is in a closed period, and so is “%(next)s” after it, which holds what is "
                    "right since then: nothing is left to reverse.",
                    run=self.name,
                    next=following.name,
                )
            )
        self._message_log(
            body=self.env._(
                "Reversed on %(date)s, the first open day: the period of the run is closed.",
                date=format_date(self.env, date),
            )
        )
        return date

    def _get_open_date(self):
        """Return the run's date, or the first day after the lock dates that close it."""
        date = self.date
        while locks := self._get_locks(date):
            date = max(lock for lock, _field in locks) + timedelta(days=1)
        return date

    # ------------------------------------------------------------------
    # Opening
    # ------------------------------------------------------------------

    @api.model
    def _create_opening(self, company, date):
        """Return a run that takes over the allowance that the ledger holds at a date, as a draft."""
        run = self.create({"company_id": company._credit_root().id, "date": date})
        run._write_evidence({"kind": "opening"})
        return run

    def _take_opening(self):
        """Explain what the ledger holds at the date and no movement explains, as the opening."""
        self.env["ar.provision.movement"].sudo().create(  # sudo: evidence that only runs write
            [
                {
                    "date": self.date,
                    "kind": "opening",
                    "company_id": row.company_id.id,
                    "root_company_id": self.company_id.id,
                    "account_id": row.account_id.id,
                    "amount": row.other,
                    "run_id": self.id,
                }
                for row in self.change_ids
                if not row.currency_id.is_zero(row.other)
            ]
        )

    def _void_opening(self):
        """Take the opening back: what the ledger holds is unexplained again."""
        self._mirror(self.movement_ids.filtered(lambda movement: movement.kind == "opening"), self.date, {})

    def _mirror(self, movements, date, reversals):
        """Write the opposite of movements, of the entries that reverse theirs."""
        return (
            self.env["ar.provision.movement"]
            .sudo()
            .create(  # sudo: evidence that only runs write
                [
                    {
                        "date": date,
                        "kind": movement.kind,
                        "company_id": movement.company_id.id,
                        "root_company_id": movement.root_company_id.id,
                        "account_id": movement.account_id.id,
                        "against_account_id": movement.against_account_id.id,
                        "segment_id": movement.segment_id.id,
                        "amount": -movement.amount,
                        "run_id": self.id,
                        "move_id": reversals[movement.move_id].id if movement.move_id else False,
                    }
                    for movement in movements
                ]
            )
        )
