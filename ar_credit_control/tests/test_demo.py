from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestDemo(TransactionCase):
    """The demonstration tells its story: each customer is in the situation that its profile describes.

    A failure while demo data is loaded only leaves a line in the log, so it would go unnoticed.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.env["ir.module.module"]._get("ar_credit_control").demo:
            cls.skipTest(cls, "installed without demo data")
        cls.main = cls.env.ref("base.main_company")
        cls.hamburg = cls.env.ref("ar_credit_control.demo_company_hamburg")

    def _customer(self, key, company=None):
        customer = self.env.ref(f"ar_credit_control.demo_partner_{key}")
        return customer.with_company(company or self.main)

    def test_loaded(self):
        failures = self.env["ir.demo_failure"].search([("module_id.name", "=", "ar_credit_control")])
        self.assertFalse(failures.mapped("error"))

    def test_statuses(self):
        expected = {
            "bergstrom": "ok",
            "hengda": "hold",
            "harbor": "warning",
            "mueller": "hold",
            "cascade": "warning",
            "delgado": "blocked",
            "lefevre": "hold",
            "northwind": "warning",
            "blueridge": "hold",
            "willow": "hold",
            "mingzhu": "warning",
        }
        self.assertEqual({key: self._customer(key).credit_status for key in expected}, expected)
        self.assertEqual(self._customer("mueller", self.hamburg).credit_status, "ok")
        self.assertEqual(self._customer("vandenberg", self.hamburg).credit_status, "hold")

    def test_second_company_keeps_its_currency(self):
        self.assertEqual(self.hamburg.currency_id, self.env.ref("base.EUR"))
        self.assertTrue(self.hamburg.chart_template)

    def test_holds(self):
        holds = self.env["ar.credit.hold"].search(
            [("partner_id", "in", [self._customer(key).id for key in ("harbor", "mueller", "willow")])]
        )
        self.assertEqual(set(holds.mapped("state")), {"held"})
        self.assertEqual(set(holds.order_id.mapped("state")), {"draft"})
        decided = self.env["ar.credit.hold"].search([("decided_by_id.login", "=", "connie")])
        self.assertEqual(set(decided.mapped("state")), {"released", "refused"})

    def test_the_story_of_the_five_minutes(self):
        """The quotation that the README has people confirm is held, and a payment lets it pass."""
        quotation = self.env["sale.order"].search(
            [("partner_id", "=", self._customer("northwind").id), ("amount_total", "=", 14400)]
        )
        self.assertEqual(quotation.credit_forecast, "hold")
        self.assertGreater(quotation.credit_forecast_pay, 0)

    def test_letters(self):
        letters = self.env["ar.dunning.letter"].search([("partner_id", "=", self._customer("mueller").id)])
        self.assertEqual(sorted(letters.mapped("state")), ["draft", "sent"])
        self.assertFalse(letters.mail_id, "no mail is made for customers of the story")
        rossi = self.env["ar.dunning.left.out"].search([("partner_id", "=", self._customer("rossi").id)])
        self.assertEqual(set(rossi.mapped("reason")), {"unapplied"})

    def test_letters_that_wait_are_sent_as_they_are(self):
        letters = self.env["ar.dunning.letter"].search([("state", "=", "draft")])
        self.assertTrue(letters)

        def read():
            return {
                letter: sorted((line.move_id.name, line.amount) for line in letter.line_ids)
                for letter in letters
            }

        proposed = read()
        connie = self.env.ref("ar_credit_control.demo_user_connie")
        letters.with_user(connie).with_context(allowed_company_ids=connie.company_ids.ids).action_approve()
        letters._queue()
        self.assertEqual(set(letters.mapped("state")), {"queued"})
        self.assertEqual(read(), proposed)

    def test_every_role_has_a_user(self):
        groups = {
            "sam": "sales_team.group_sale_salesman",
            "cora": "ar_credit_control.group_collector",
            "connie": "ar_credit_control.group_credit_controller",
            "mona": "ar_credit_control.group_credit_manager",
            "aud": "ar_credit_control.group_credit_auditor",
        }
        for login, group in groups.items():
            user = self.env["res.users"].search([("login", "=", login)])
            self.assertTrue(user.has_group(group), login)
            # the account demo makes every new user an accounting manager
            self.assertFalse(user.has_group("account.group_account_manager"), login)

    def test_loading_again_changes_nothing(self):
        documents = ("account.move", "account.payment", "sale.order", "ar.credit.hold", "ar.dunning.letter")
        before = [self.env[model].search_count([]) for model in documents]
        self.env["ar.credit.demo"]._load_documents()
        self.assertEqual([self.env[model].search_count([]) for model in documents], before)

    def test_cover(self):
        figures = self.env["ar.credit.exposure"]._get_figures(
            self._customer("mueller") + self._customer("mingzhu"), self.main
        )
        self.assertGreater(figures[self._customer("mueller").id]["security"], 0)
        self.assertGreater(figures[self._customer("mingzhu").id]["notes"], 0)
        to_report = self.env["ar.insurance.overdue"].search([("notice_id", "=", False)])
        self.assertIn(self._customer("mueller"), to_report.partner_id)

    def test_writeoffs_in_every_state(self):
        writeoffs = self.env["ar.writeoff"].search([])
        self.assertEqual(
            set(writeoffs.mapped("state")),
            {"submitted", "approved", "posted", "refused"},
            "as the story tells",
        )
        sunfield, cobalt, nordlicht, alder = (
            writeoffs.filtered(lambda writeoff, key=key: writeoff.partner_id == self._customer(key))
            for key in ("sunfield", "cobalt", "nordlicht", "alder")
        )
        self.assertEqual((sunfield.amount_provided, sunfield.amount_recovered), (11100.0, 1085.0))
        self.assertEqual(sunfield.recovery_ids.state, "paid")
        self.assertGreater(cobalt.amount_expense, 0, "not all of it was provided for")
        self.assertEqual(nordlicht.amount_tax, 480.0)
        self.assertEqual((alder.state, alder.in_transit_amount), ("submitted", 600.0))
        items = self.env["ar.aging.report"].search([("partner_id", "in", (sunfield | cobalt).partner_id.ids)])
        self.assertFalse(items, "what is written off is open no more")

    def test_provisions_are_up_to_date(self):
        """Runs that wait can be submitted, and the movement table ends at the ledger."""
        for run in self.env["ar.provision.run"].search([("state", "=", "draft")]):
            run._check_complete()
        report = self.env["ar.provision.movement.report"].create({"company_id": self.main.id})
        self.assertEqual(report.difference, 0.0)
        line = report.line_ids
        self.assertEqual((sum(line.mapped("used")), sum(line.mapped("recovered"))), (-11280.0, 1085.0))

    def test_history_of_losses(self):
        history = self.env["ar.provision.derivation"].search([("company_id", "=", self.main.id)])
        self.assertEqual(len(history), 1)
        self.assertEqual(history.matrix_ids.state, "draft")
        others = history.result_ids.filtered(lambda result: not result.segment_id)
        self.assertFalse(others.filtered(lambda result: not result.months), "items in every bucket")
        rates = others.sorted(lambda result: result.bucket_id.age_from).mapped("loss_rate")
        self.assertEqual(rates, sorted(rates), "older items are lost more often")
        backtest = self.env["ar.provision.backtest"].search([("company_id", "=", self.main.id)])
        self.assertGreater(backtest.lost, 0)
