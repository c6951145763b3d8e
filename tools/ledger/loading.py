"""Book a ledger in Odoo through its ORM: customers, posted invoices, receipts, reconciliation."""

from collections import Counter
from dataclasses import dataclass, field

BATCH = 200
JOURNAL_CODE = "LEDG"
# A number is a number: no part of it is read as a year or a month that would have to agree with the date.
NUMBER_REGEX = r"^(?P<prefix1>.*?)(?P<seq>\d{0,9})(?P<suffix>\D*?)$"


class CannotLoadError(Exception):
    """The database or the company is not ready for a ledger; the message says what is missing."""


@dataclass
class Outcome:
    """What one run did."""

    invoices: int = 0
    present: int = 0
    receipts: int = 0
    customers: int = 0
    amount: float = 0.0
    differences: list = field(default_factory=list)
    strange_countries: Counter = field(default_factory=Counter)


class LedgerLoader:
    """Loads invoices into one company, a batch a transaction.

    An invoice is known again by its number in the loader's own journal, so that a second run, or one after a
    kill, adds what is missing: invoices, and receipts for those that the file now says are settled.
    """

    def __init__(self, env, company, countries=None):
        """:param countries: ISO code of a country for each code that the file uses in its own way"""
        self.company = company
        self.env = env(
            context={
                **env.context,
                "allowed_company_ids": company.ids,
                "tracking_disable": True,
                "mail_create_nolog": True,
                "mail_create_nosubscribe": True,
                "mail_notrack": True,
                "skip_invoice_pdf": True,
            }
        )
        self.countries = countries or {}
        self.outcome = Outcome()

    def load(self, invoices, commit, progress=None):
        """Book the invoices, calling `commit()` and `progress(done, total)` after each batch."""
        self._prepare()
        self._load_customers(invoices)
        commit()
        for start in range(0, len(invoices), BATCH):
            batch = invoices[start : start + BATCH]
            self._load_batch(batch)
            commit()
            # a long run must not keep every record of every batch in memory
            self.env.invalidate_all()
            if progress:
                progress(start + len(batch), len(invoices))
        return self.outcome

    def _prepare(self):
        """Find or make the journals; they are the company's own and can be looked at like any other."""
        if not self.company.chart_template:
            raise CannotLoadError(f"{self.company.name} has no chart of accounts")
        journals = self.env["account.journal"]
        self.bank_journal = journals.search(
            [("type", "=", "bank"), ("company_id", "=", self.company.id)], limit=1
        )
        if not self.bank_journal.default_account_id:
            raise CannotLoadError(f"{self.company.name} has no bank journal with an account")
        self.journal = journals.with_context(active_test=False).search(
            [("code", "=", JOURNAL_CODE), ("company_id", "=", self.company.id)]
        ) or journals.create(self._prepare_journal())
        if not self.journal.default_account_id:
            raise CannotLoadError(f"journal {self.journal.display_name} has no income account")

    def _prepare_journal(self):
        model = self.env["account.journal"].search(
            [("type", "=", "sale"), ("company_id", "=", self.company.id)], limit=1
        )
        return {
            "name": "Loaded ledger",
            "code": JOURNAL_CODE,
            "type": "sale",
            "company_id": self.company.id,
            "default_account_id": model.default_account_id.id or self.company.income_account_id.id,
            "sequence_override_regex": NUMBER_REGEX,
        }

    # Customers

    def _load_customers(self, invoices):
        codes = {invoice.customer: invoice.country for invoice in reversed(invoices)}
        found = self.env["res.partner"].search(
            [
                ("ref", "in", list(codes)),
                ("parent_id", "=", False),
                ("company_id", "in", (False, self.company.id)),
            ]
        )
        self.partner_ids = {partner.ref: partner.id for partner in found.sorted("id", reverse=True)}
        countries = {country.code: country.id for country in self.env["res.country"].search([])}
        missing = [code for code in codes if code not in self.partner_ids]
        values = [self._prepare_customer(code, codes[code], countries) for code in sorted(missing)]
        for partner in self.env["res.partner"].create(values):
            self.partner_ids[partner.ref] = partner.id
        self.outcome.customers = len(values)

    def _prepare_customer(self, code, country, countries):
        values = {"name": code, "ref": code, "is_company": True}
        iso = self.countries.get(country, country).upper()
        if iso in countries:
            values["country_id"] = countries[iso]
        elif country:
            # kept where it can be searched and grouped by
            values["category_id"] = [(4, self._tag(country))]
            self.outcome.strange_countries[country] += 1
        return values

    def _tag(self, country):
        name = f"Country {country}"
        tags = self.env["res.partner.category"]
        return (tags.search([("name", "=", name)], limit=1) or tags.create({"name": name})).id

    # Invoices

    def _load_batch(self, batch):
        known = self._known_invoices(batch)
        new = [invoice for invoice in batch if invoice.number not in known]
        present = [invoice for invoice in batch if invoice.number in known]
        self.outcome.present += len(present)
        self._note_differences(present, known)
        moves = self.env["account.move"].create([self._prepare_invoice(invoice) for invoice in new])
        moves.action_post()
        self.outcome.invoices += len(new)
        self.outcome.amount += float(sum(invoice.amount for invoice in new))
        known.update(zip((invoice.number for invoice in new), moves, strict=True))
        self._load_receipts([(invoice, known[invoice.number]) for invoice in batch if invoice.settled_date])
        self.env.flush_all()

    def _known_invoices(self, batch):
        moves = self.env["account.move"].search(
            [
                ("journal_id", "=", self.journal.id),
                ("name", "in", [invoice.number for invoice in batch]),
            ]
        )
        return {move.name: move for move in moves}

    def _note_differences(self, invoices, known):
        """A posted invoice is never rewritten; the person is told that the file says something else."""
        currency = self.company.currency_id
        for invoice in invoices:
            move = known[invoice.number]
            booked = (move.partner_id.id, move.invoice_date, move.invoice_date_due)
            in_file = (self.partner_ids[invoice.customer], invoice.invoice_date, invoice.due_date)
            if booked != in_file or currency.compare_amounts(move.amount_total, float(invoice.amount)):
                self.outcome.differences.append(
                    f"line {invoice.line}, invoice {invoice.number}: there already as "
                    f"{move.amount_total:.2f} of {move.partner_id.name}, due on {move.invoice_date_due}"
                )

    def _prepare_invoice(self, invoice):
        return {
            "move_type": "out_invoice",
            "journal_id": self.journal.id,
            "name": invoice.number,
            "partner_id": self.partner_ids[invoice.customer],
            "currency_id": self.company.currency_id.id,
            "invoice_date": invoice.invoice_date,
            "date": invoice.invoice_date,
            "invoice_payment_term_id": False,
            "invoice_date_due": invoice.due_date,
            "narration": "Disputed by the customer." if invoice.disputed else False,
            "invoice_line_ids": [
                (
                    0,
                    0,
                    {
                        "name": f"Invoice {invoice.number}",
                        "account_id": self.journal.default_account_id.id,
                        "quantity": 1,
                        "price_unit": float(invoice.amount),
                        "tax_ids": [(5, 0, 0)],
                    },
                )
            ],
        }

    # Receipts

    def _load_receipts(self, settled):
        """Book a receipt at the bank for each open invoice that the file says is settled, and apply it."""
        items = self._receivable_items([move.id for _invoice, move in settled])
        due = [(invoice, items[move.id]) for invoice, move in settled if move.id in items]
        # as core's payment wizard does: receipts have no taxes or terms to keep in step
        payments = (
            self.env["account.payment"]
            .with_context(skip_invoice_sync=True)
            .create([self._prepare_receipt(invoice, item) for invoice, item in due])
        )
        # the file says settled: the money is at the bank, not under way
        payments.outstanding_account_id = self.bank_journal.default_account_id
        payments.action_post()
        counterparts = self._receivable_items(payments.move_id.ids)
        self.env["account.move.line"]._reconcile_plan(
            [
                item + counterparts[payment.move_id.id]
                for (_invoice, item), payment in zip(due, payments, strict=True)
            ]
        )
        self.outcome.receipts += len(payments)

    def _receivable_items(self, move_ids):
        items = self.env["account.move.line"].search(
            [
                ("move_id", "in", move_ids),
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
            ]
        )
        return {move.id: lines for move, lines in items.grouped("move_id").items()}

    def _prepare_receipt(self, invoice, item):
        return {
            "payment_type": "inbound",
            "partner_type": "customer",
            "partner_id": self.partner_ids[invoice.customer],
            "amount": item.amount_residual,
            "currency_id": self.company.currency_id.id,
            "date": invoice.settled_date,
            "journal_id": self.bank_journal.id,
            "destination_account_id": item.account_id.id,
            "memo": invoice.number,
            "invoice_ids": [(4, item.move_id.id)],
        }
