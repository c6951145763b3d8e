from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain

from .ar_provision_bucket import is_renamed
from .provision_presets import (
    ACCOUNTS,
    JOURNAL,
    PRESETS,
    get_bucket_names,
    get_policy_name,
    get_reason,
)

NEEDED_FIELDS = ("allowance_account_id", "expense_account_id")
ACCOUNT_FIELDS = (
    *NEEDED_FIELDS,
    "release_account_id",
    "loss_account_id",
    "recovery_account_id",
)


class ArProvisionPolicy(models.Model):
    """Policies made from what a standard asks for, with the accounts of the company's chart."""

    _inherit = "ar.provision.policy"

    accounts_missing = fields.Boolean(compute="_compute_accounts_missing")

    @api.depends("standard", "allowance_account_id", "expense_account_id")
    def _compute_accounts_missing(self):
        for policy in self:
            policy.accounts_missing = policy.standard != "cn_small" and not (
                policy.allowance_account_id and policy.expense_account_id
            )

    @api.model
    def _create_from_preset(self, company, preset):
        """Create the policy of a preset for a company, not in use, with its loss rates as a draft.

        In every installed language. A person puts it in use, another one approves the rates.

        :param company: a branch stands for its main company
        :param preset: ``ifrs9``, ``cas22``, ``cn_small`` or ``us_cecl``
        :return: the new policy
        """
        company = company._credit_root()
        policies = self.with_context(lang="en_US").with_company(company)
        policies.check_access("create")
        # sudo: the terms are the preset's; who chose it wrote none of them and may approve runs by them
        policy = policies.sudo().create(policies._prepare_preset(company, preset)).with_env(policies.env)
        policy._translate_preset(preset)
        # sudo: the rates are the preset's; who chose it wrote none of them and may decide on them
        self.env["ar.provision.matrix"].sudo().create(
            policy.with_env(self.env)._prepare_preset_matrix(preset)
        )
        return policy.with_env(self.env)

    @api.model
    def _prepare_preset(self, company, preset):
        content = PRESETS[preset]
        names = get_bucket_names(self.env, preset)
        return {
            "name": get_policy_name(self.env, preset),
            "company_id": company.id,
            "active": False,
            "standard": preset,
            "basis": content.basis,
            "age_unit": content.age_unit,
            "writeoff_against": content.writeoff_against,
            "net_of_tax": self._proposes_net_of_tax(company),
            **content.terms,
            "bucket_ids": [
                Command.create({"name": names[age], "age_from": age}) for age, _rate in content.rates
            ],
            **self._prepare_chart_accounts(company),
        }

    @api.model
    def _proposes_net_of_tax(self, company):
        """Whether tax of lost claims comes back: where the company says so, and in Germany (UStG § 17)."""
        countries = company.account_fiscal_country_id | company.country_id
        return company.writeoff_tax == "reverse" or "DE" in countries.mapped("code")

    def _prepare_preset_matrix(self, preset):
        self.ensure_one()
        buckets = {bucket.age_from: bucket for bucket in self.bucket_ids}
        today = self.company_id._credit_today()
        return {
            "policy_id": self.id,
            "date_from": self.company_id.compute_fiscalyear_dates(today)["date_from"],
            "source": "preset",
            "reason": get_reason(self.env, preset),
            "rate_ids": [
                Command.create({"bucket_id": buckets[age].id, "rate": rate})
                for age, rate in PRESETS[preset].rates
            ],
        }

    def _translate_preset(self, preset):
        """Give a new policy and its buckets their names in every installed language."""
        self.ensure_one()
        for code, _name in self.env["res.lang"].get_installed():
            policy = self.with_context(lang=code)
            policy.name = get_policy_name(policy.env, preset)
            names = get_bucket_names(policy.env, preset)
            for bucket in policy.bucket_ids:
                bucket.name = names[bucket.age_from]

    def _translate_names(self, code):
        """Give policies of a preset and their buckets its names in a language, where they have no other."""
        if code == "en_US":
            return
        for policy in self.with_context(lang="en_US", tracking_disable=True):
            if policy.standard not in PRESETS:
                continue
            translated = policy.with_context(lang=code)
            source, target = (get_policy_name(own.env, own.standard) for own in (policy, translated))
            if policy.name == translated.name == source:
                translated.name = target
            sources, targets = (get_bucket_names(own.env, own.standard) for own in (policy, translated))
            for bucket in policy.bucket_ids:
                age, translated = bucket.age_from, bucket.with_context(lang=code)
                # a name that was given in this language is what runs were printed with
                if bucket.name == sources.get(age) and not is_renamed(translated, {code: targets[age]}):
                    translated.name = targets[age]

    @api.model
    def _prepare_chart_accounts(self, company):
        """Return the journal and the accounts that the company's chart has for provisions.

        By the external ids of the chart, so that renamed and renumbered accounts are found; what the chart
        does not have is left out.
        """
        chart = self.env["account.chart.template"].with_company(company)
        journal = chart.ref(JOURNAL, raise_if_not_found=False) or self.env["account.journal"].search(
            [
                *self.env["account.journal"]._check_company_domain(company),
                ("type", "=", "general"),
            ],
            limit=1,
        )
        values = {"journal_id": journal.id}
        for name, xmlid in ACCOUNTS.get(company.chart_template, {}).items():
            if account := chart.ref(xmlid, raise_if_not_found=False):
                values[name] = account.id
        return values

    @api.model
    def _get_preset_summary(self, company, preset):
        """Return what a preset would give a company, to be shown."""
        names = get_bucket_names(self.env, preset)
        chosen = self._prepare_chart_accounts(company._credit_root())
        accounts = self.env["account.account"].with_company(company)
        return {
            "preset": preset,
            "company": company,
            "basis": dict(self._fields["basis"]._description_selection(self.env))[PRESETS[preset].basis],
            "rates": [(names[age], rate) for age, rate in PRESETS[preset].rates],
            "accounts": [
                (
                    self._fields[name]._description_string(self.env),
                    accounts.browse(chosen[name]).display_name if chosen.get(name) else "",
                )
                for name in ACCOUNT_FIELDS
                if chosen.get(name) or (name in NEEDED_FIELDS and preset != "cn_small")
            ],
            "lacks": not chosen.get("allowance_account_id"),
        }

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_add_preset(self):
        """Ask which standard a new policy follows.

        :raise AccessError: for a user who is no credit manager
        """
        self._check_manages()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Add a Provision Policy"),
            "res_model": "ar.provision.preset",
            "view_mode": "form",
            "target": "new",
        }

    def action_use(self):
        """Put this policy in use, in the place of the one that the company has in use.

        :raise AccessError: for a user who is no credit manager
        """
        self._check_manages()
        for policy in self:
            self.search(
                Domain("company_id", "=", policy.company_id.id) & Domain("id", "!=", policy.id)
            ).active = False
            policy.active = True
        return True

    def action_take_chart_accounts(self):
        """Fill in the journal and the accounts that the chart has, where the policy has none.

        :raise UserError: when the chart has none that are missing here
        """
        self._check_manages()
        for policy in self:
            found = policy._prepare_chart_accounts(policy.company_id)
            missing = {name: value for name, value in found.items() if value and not policy[name]}
            if not missing:
                raise UserError(
                    self.env._(
                        "The chart of accounts of %s has no account for it that is not chosen already.",
                        policy.company_id.name,
                    )
                )
            policy.write(missing)
        return True

    def action_create_accounts(self):
        """Add the allowance and the charge account that the chart does not have, with free codes.

        :raise AccessError: for a user who is no credit manager
        :raise UserError: where an allowance is not booked, or both accounts are chosen
        """
        self._check_manages()
        for policy in self:
            if not policy.accounts_missing:
                raise UserError(self.env._("“%s” has the accounts it needs.", policy.name))
            policy.write(policy._create_missing_accounts())
        return True

    def _create_missing_accounts(self):
        """Return the journal and accounts for what the policy lacks; those of the chart before new ones."""
        self.ensure_one()
        found = self._prepare_chart_accounts(self.company_id)
        values = {name: value for name, value in found.items() if value and not self[name]}
        for name, prepare in (
            ("allowance_account_id", self._prepare_allowance_account),
            ("expense_account_id", self._prepare_expense_account),
        ):
            if not self[name] and name not in values:
                values[name] = self._create_account(prepare).id
        return values

    def _create_account(self, prepare):
        # sudo: a credit manager need not edit the chart; the button says which two accounts it adds
        accounts = self.env["account.account"].sudo().with_company(self.company_id)
        account = accounts.with_context(lang="en_US").create(prepare(accounts.with_context(lang="en_US")))
        for code, _name in self.env["res.lang"].get_installed():
            translated = account.with_context(lang=code)
            translated.name = prepare(translated)["name"]
        return account

    def _prepare_allowance_account(self, accounts):
        company = self.company_id
        receivable = company.partner_id.with_company(company).property_account_receivable_id
        receivable = receivable or self._find_neighbour("asset_receivable")
        return {
            "name": accounts.env._("Loss allowance"),
            "code": accounts._search_new_account_code(receivable.with_company(company).code),
            "account_type": "asset_current",
            "company_ids": [Command.link(self.company_id.id)],
        }

    def _prepare_expense_account(self, accounts):
        expense = self._find_neighbour("expense")
        return {
            "name": accounts.env._("Impairment loss on receivables"),
            "code": accounts._search_new_account_code(expense.code),
            "account_type": "expense",
            "company_ids": [Command.link(self.company_id.id)],
        }

    def _find_neighbour(self, account_type):
        """Return the account beside which a new one of its kind is put: the last expense, say.

        :raise UserError: in a company without a chart of accounts
        """
        company = self.company_id
        # sudo: of a company in which the user may not be working now
        accounts = self.env["account.account"].sudo().with_company(company)
        neighbour = accounts.search(
            [*accounts._check_company_domain(company), ("account_type", "=", account_type)],
            order="code DESC" if account_type == "expense" else "code",
            limit=1,
        )
        if not neighbour:
            raise UserError(self.env._("%s has no chart of accounts yet.", company.name))
        return neighbour

    @api.model
    def _check_manages(self):
        if not self.env.su and not self.env.user.has_group("ar_credit_control.group_credit_manager"):
            raise AccessError(self.env._("Only a credit manager edits provision policies."))
