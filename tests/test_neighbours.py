"""OCA's risk and dunning addons in the same database: all install, ours decides as ever, their pages open."""

import json
import os
import subprocess
import unittest

from tools import odoo_env, project

NEIGHBOURS = os.environ.get("AR_NEIGHBOURS")
ADDONS = "account_credit_control,account_financial_risk,sale_financial_risk"
SCRIPT = """
import json
from odoo import Command
from odoo.tests import Form

company = env.ref("base.main_company")
env = env(context={"allowed_company_ids": company.ids})
seller, manager = (env.ref(f"ar_credit_control.demo_user_{key}") for key in ("sam", "mona"))
product = env.ref("ar_credit_control.demo_product_gearbox")
customer = env["res.partner"].create({"name": "Neighbour Ltd", "is_company": True})
env["ar.credit.profile"]._get_or_create(customer, company).write({"limit_set": True, "limit": 1000})

def sell(amount):
    line = {"product_id": product.id, "price_unit": amount, "tax_ids": [Command.clear()]}
    values = {"partner_id": customer.id, "user_id": seller.id, "order_line": [Command.create(line)]}
    order = env["sale.order"].with_user(seller).create(values)
    order.action_confirm()
    return order.sudo()

small, large = sell(400), sell(700)
found = {
    "installed": [name for name in NAMES if env["ir.module.module"]._get(name).state == "installed"],
    "small": [small.state, small.credit_hold_state],
    "large": [large.state, large.credit_hold_state],
    "reasons": [reason.code for reason in large.credit_hold_id.reason_ids if reason.outcome == "hold"],
    "risk": round(customer.risk_total),
    "limit": customer.credit_limit,
}
large.credit_hold_id.with_user(env.ref("ar_credit_control.demo_user_connie")).action_release("Agreed")
found["released"] = large.state
# Whoever keeps customers opens and saves the form with the fields of all three.
keeper = env.ref("base.user_admin")
with Form(customer.with_user(keeper)) as form:
    form.comment = "Looked at"
Form(large.with_user(keeper))
customer.with_user(manager).get_views([(False, "form"), (False, "list"), (False, "kanban")])

# An invoice that is overdue gets our letter, whatever policy OCA's dunning gives its customer.
values = {"move_type": "out_invoice", "partner_id": customer.id, "invoice_date": "2026-01-02"}
line = {"product_id": product.id, "price_unit": 500, "tax_ids": [Command.clear()]}
values |= {"invoice_date_due": "2026-01-12", "invoice_line_ids": [Command.create(line)]}
invoice = env["account.move"].create(values)
invoice.action_post()
customer.email = "accounts@neighbour.example.com"
policy = env.ref("ar_credit_control.dunning_policy_standard").with_user(manager)
run = env["ar.dunning.run"].with_user(manager)._create_proposal(policy, policy._get_today())
letter = run.letter_ids.filtered(lambda letter: letter.partner_id == customer)
found["letter"] = letter.line_ids.move_id == invoice
found["oca policy"] = "credit.control.policy" in env and "credit_policy_id" in customer
Form(invoice.with_user(keeper))
print("FOUND" + json.dumps(found))
"""


class NeighboursTest(unittest.TestCase):
    # Not a skipped test but none at all without `make test`, which sets up the neighbours.
    __test__ = bool(NEIGHBOURS)

    def test_orders_and_invoices_are_judged_as_ever_beside_oca(self):
        folders = [*os.environ["AR_ODOO_ADDONS"].split(os.pathsep), str(project.ROOT), NEIGHBOURS]
        options = {"addons_path": ",".join(folders)}
        with odoo_env.scratch_database(suffix="_neighbours") as database:
            command = odoo_env.command(database, **options)
            install = [*command, "--no-http", "--stop-after-init", "--log-level", "error", "-i", ADDONS]
            self.assertEqual(self._run(install, ""), "")
            shell = odoo_env.command(database, "shell", **options)
            script = SCRIPT.replace("NAMES", repr(ADDONS.split(",")))
            output = self._run([*shell, "--no-http", "--log-level", "error"], script)
        found = json.loads(output.partition("FOUND")[2])
        self.assertEqual(sorted(found["installed"]), ADDONS.split(","))
        self.assertEqual(found["small"], ["sale", "none"])
        self.assertEqual(found["large"], ["draft", "held"])
        self.assertIn("limit", found["reasons"])
        self.assertEqual(found["limit"], 1000)
        self.assertEqual(found["released"], "sale")
        self.assertEqual([found["letter"], found["oca policy"]], [True, True])

    def _run(self, command, script):
        """Run Odoo and return what it printed; its log, warnings left out, is an error."""
        result = subprocess.run(
            command, input=script, capture_output=True, text=True, cwd=project.ROOT, check=False
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotRegex(result.stderr, "Traceback| ERROR ")
        return result.stdout
