from odoo import api, models

from .ar_credit_demo import HAMBURG, Bill

# Two years of customers who pay late, or not at all: what loss rates are derived from.
HISTORY = [
    # paid later and later, then went bankrupt
    Bill("sunfield", 760, 6900, ((722, 6900),)),
    Bill("sunfield", 690, 7400, ((636, 7400),)),
    Bill("sunfield", 630, 6100, ((548, 6100),)),
    Bill("sunfield", 570, 7800, ((452, 7800),)),
    Bill("sunfield", 510, 5300, ((338, 5300),)),
    Bill("sunfield", 465, 6200),
    Bill("sunfield", 440, 4900),
    # always late, always paid, once after more than a year
    Bill("alder", 745, 3200, ((655, 3200),)),
    Bill("alder", 675, 2900, ((512, 2900),)),
    Bill("alder", 610, 4100, ((200, 4100),)),
    Bill("alder", 500, 3600, ((461, 3600),)),
    Bill("alder", 420, 3350, ((331, 3350),)),
    Bill("alder", 330, 3900, ((262, 3900),)),
    Bill("alder", 260, 2450),
    # small, paid all but a remainder
    Bill("cobalt", 590, 1900, ((529, 1900),)),
    Bill("cobalt", 480, 2300, ((391, 2300),)),
    Bill("cobalt", 350, 2150, ((258, 1790),)),
    # the Hamburg company, with tax; out of business
    Bill("nordlicht", 480, 2400, ((429, 2400),), currency="base.EUR", company=HAMBURG),
    Bill("nordlicht", 450, 3200, currency="base.EUR", company=HAMBURG, taxed=True),
]


class ArCreditDemo(models.AbstractModel):
    """Invoices of the last two years, told apart from the story of today: nobody works on them."""

    _inherit = "ar.credit.demo"

    @api.model
    def _load_history(self):
        """Post what was billed and paid long ago, once; not where provisions were posted without it."""
        customers = self.env["res.partner"].union(
            *(self._customer(key) for key in dict.fromkeys(bill.customer for bill in HISTORY))
        )
        if self.env["account.move"].search_count([("partner_id", "in", customers.ids)], limit=1):
            return
        if self.env["ar.provision.run"].search_count([], limit=1):
            return
        demo = self.with_context(tracking_disable=True, mail_create_nosubscribe=True, mail_notrack=True)
        for key in ("base.main_company", HAMBURG):
            company = self.env.ref(key)
            in_company = demo.with_company(company).with_context(allowed_company_ids=company.ids)
            in_company._load_bills([bill for bill in HISTORY if bill.company == key])
