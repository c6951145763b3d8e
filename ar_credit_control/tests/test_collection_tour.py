from datetime import timedelta

from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from .common_collection import CollectionCase


@tagged("post_install", "-at_install")
class TestCollectionTour(CollectionCase, HttpCase):
    def test_a_collector_works_the_list(self):
        """A collector goes through the worklist by keyboard, snoozes one customer and comes to the end."""
        self.collector.write({"password": "dun_collector", "lang": "en_US"})
        self.make_invoice(20, 9000.0)
        self.make_invoice(20, 1000.0, partner=self.other)
        snoozed = self.open()
        self.open(self.other)
        self.start_tour("/odoo/collection-worklist", "ar_credit_control_worklist", login="dun_collector")
        self.env.invalidate_all()
        self.assertEqual(snoozed.snooze_until, self.today + timedelta(days=3))
        self.assertEqual(snoozed.snooze_reason, "Year-end closing")

    def test_who_sells_opens_the_list_by_its_address(self):
        """Own customers for who may see them, an empty page for who has no right: never an error."""
        self.make_invoice(20, 9000.0)
        self.make_invoice(20, 1000.0, partner=self.other)
        self.open(), self.open(self.other)
        self.customer.user_id = self.seller
        self.seller.write({"password": "dun_seller", "lang": "en_US"})
        new_test_user(
            self.env,
            "only_sells",
            password="only_sells",
            groups="sales_team.group_sale_salesman",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.other.user_id = self.env["res.users"].search([("login", "=", "only_sells")])
        for login, shown in (("dun_seller", self.customer), ("only_sells", self.env["res.partner"])):
            self.authenticate(login, login)
            action = self.call("/web/action/load", action_id="collection-worklist")
            self.assertIn("Own Customers", action["help"])
            views = self.ask("get_views", action["views"] + [[False, "search"]], options={})
            self.assertIn("My Customers", views["views"]["search"]["arch"])
            self.assertNotIn("My Worklist", views["views"]["search"]["arch"])
            for domain in ([], [["own_customer", "=", True]], [["user_id", "=", self.collector.id]]):
                page = self.ask("web_search_read", domain, {"partner_id": {}, "why": {}, "phone": {}})
                self.assertEqual([row["partner_id"] for row in page["records"]], shown.ids, domain)
                strip = self.ask("get_strip_figures", domain)
                self.assertEqual(strip["calls"], len(shown))

    def call(self, url, **params):
        return self.make_jsonrpc_request(url, params)

    def ask(self, method, *args, **kwargs):
        """Call the worklist as the browser does."""
        params = {"model": "ar.collection.worklist", "method": method, "args": args, "kwargs": kwargs}
        return self.call(f"/web/dataset/call_kw/ar.collection.worklist/{method}", **params)
