from odoo import api, models

# customer, position of the question, of the answer (best first), what it rests on
ANSWERS = [
    ("bergstrom", 0, 0, "Two suppliers, by telephone"),
    ("bergstrom", 1, 1, "Annual report"),
    ("harbor", 0, 1, "Their bank"),
    ("mueller", 1, 2, "Visit in spring: a machine stood still"),
    ("mingzhu", 1, 0, "New plant opened"),
    ("blueridge", 0, 2, "Supplier of theirs: pays, but late"),
    ("cascade", 0, 1, "One reference given"),
]


class ArCreditDemo(models.AbstractModel):
    _inherit = "ar.credit.demo"

    @api.model
    def _load_answers(self):
        """Answer questions of the scorecard as the controller does."""
        company = self.env.ref("base.main_company")
        controller = self.env.ref("ar_credit_control.demo_user_connie")
        scorecard = self.env["ar.credit.scorecard"]._get_for(company)
        questions = scorecard.criterion_ids.filtered(lambda criterion: criterion.measure == "answer")
        self.env["ar.credit.answer"].with_user(controller).create(
            [
                {
                    "partner_id": self._customer(customer).id,
                    "company_id": company.id,
                    "criterion_id": questions[question].id,
                    "choice_id": questions[question].choice_ids.sorted("points", reverse=True)[answer].id,
                    "note": note,
                }
                for customer, question, answer, note in ANSWERS
            ]
        )

    @api.model
    def _load_scores(self):
        """Score the portfolio as the controller does, so that the manager finds proposals to decide."""
        company = self.env.ref("base.main_company")
        controller = self.env.ref("ar_credit_control.demo_user_connie")
        runs = self.env["ar.credit.score.run"].with_user(controller).with_company(company)
        runs = runs.with_context(allowed_company_ids=company.ids)
        if not runs.search_count([("company_id", "=", company.id)], limit=1):
            runs.create({"company_id": company.id}).action_score()
