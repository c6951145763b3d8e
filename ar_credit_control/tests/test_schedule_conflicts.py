import time
from contextlib import ExitStack

from odoo.tests import tagged

from .common_database import OwnDatabaseCase, _connect

# Three customers in each schedule: another transaction is at the first, the second breaks, the third is well.
SETUP = """
from datetime import timedelta
from dateutil.relativedelta import relativedelta
from odoo import fields
from odoo.fields import Command
company = env.company
today = company._credit_today()
env['ar.statement'].search([('state', '=', 'waiting')]).state = 'draft'
partners = env['res.partner'].create([{
    'name': 'Conflict %s' % name, 'email': '%s@example.com' % name, 'is_company': True,
    'country_id': env.ref('base.cn').id,
} for name in 'abc'])
profiles = env['ar.credit.profile']._get_or_create(partners, company)
profiles.write({'limitation_period_id': env.ref('ar_credit_control.limitation_cn').id,
                'collector_id': env.ref('base.user_admin').id})
due = today - relativedelta(years=3) + timedelta(days=20)
moves = env['account.move'].create([{
    'move_type': 'out_invoice', 'partner_id': partner.id, 'invoice_date': due - timedelta(days=5),
    'invoice_date_due': due, 'currency_id': company.currency_id.id,
    'invoice_line_ids': [Command.create({'name': 'Work', 'price_unit': 500, 'tax_ids': [Command.clear()]})],
} for partner in partners])
moves.action_post()
for move in moves:
    item = env['ar.aging.report'].search([('move_id', '=', move.id)])
    env['ar.dispute']._record(env.ref('ar_credit_control.dispute_category_price'), {item: 100.0}, 'Too dear')
env.flush_all()
env.cr.execute("UPDATE ar_dispute SET deadline = %s WHERE partner_id = ANY(%s)",
               [today - timedelta(days=1), partners.ids])
statements = env['ar.statement']._make(company, partners)
statements.user_id = env.ref('base.user_admin')
statements.write({'state': 'waiting'})
env.flush_all()
env.cr.execute('''
    CREATE TABLE ar_test_gate (name TEXT PRIMARY KEY, passed INT);
    INSERT INTO ar_test_gate VALUES ('dispute', 0), ('warning', 0), ('statement', 0);
    CREATE FUNCTION ar_test_gate() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE who TEXT := (SELECT name FROM res_partner WHERE id = NEW.partner_id);
    BEGIN
        IF who = 'Conflict a' THEN
            UPDATE ar_test_gate SET passed = passed + 1 WHERE name = TG_ARGV[0];
        ELSIF who = 'Conflict b' THEN
            RAISE EXCEPTION 'nobody lives in Atlantis';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER gate BEFORE UPDATE ON ar_dispute FOR EACH ROW
        WHEN (NEW.escalation IS DISTINCT FROM OLD.escalation AND NEW.escalation IS NOT NULL)
        EXECUTE FUNCTION ar_test_gate('dispute');
    CREATE TRIGGER gate BEFORE INSERT ON ar_limitation_warning FOR EACH ROW
        EXECUTE FUNCTION ar_test_gate('warning');
    CREATE TRIGGER gate BEFORE UPDATE ON ar_statement FOR EACH ROW
        WHEN (NEW.state = 'queued' AND OLD.state = 'waiting')
        EXECUTE FUNCTION ar_test_gate('statement');
''')
env.cr.commit()
"""

# What the database refuses is what the test wants: the traceback is not.
RUN = """
import logging
for name in ('odoo.sql_db', 'odoo.addons.ar_credit_control.models.company.ar_schedule'):
    logging.getLogger(name).setLevel(logging.CRITICAL)
root = env['ir.cron'].with_user(env.ref('base.user_root')).env
root['ar.dispute']._cron_watch()
root['ar.limitation.warning']._cron_warn()
root['ar.statement']._cron_queue()
root.cr.commit()
"""


@tagged("post_install", "-at_install")
class TestScheduleConflicts(OwnDatabaseCase):
    """Schedules that meet another transaction and data that cannot be written, in real transactions."""

    def outcomes(self, expression):
        """Return ``{customer: value}`` of an SQL expression over alias ``partner``."""
        found = self.query(
            f"SELECT right(partner.name, 1), {expression} FROM res_partner partner"
            " WHERE partner.name LIKE 'Conflict _'"
        )
        return dict(found)

    def states(self):
        return {
            "dispute": self.outcomes(
                "(SELECT escalation FROM ar_dispute record WHERE record.partner_id = partner.id)"
            ),
            "warning": self.outcomes(
                "(SELECT COUNT(*) > 0 FROM ar_limitation_warning record WHERE record.partner_id = partner.id)"
            ),
            "statement": self.outcomes(
                "(SELECT state FROM ar_statement record WHERE record.partner_id = partner.id)"
            ),
        }

    def run_beside_others(self):
        """Run the schedules while other transactions hold what each of them needs for its first customer.

        Each of those commits as soon as the schedule waits for it: PostgreSQL then refuses the schedule's
        statement, whose view of the data is older.
        """
        held = 0
        with ExitStack() as stack:
            others = {}
            for name in ("dispute", "warning", "statement"):
                other = stack.enter_context(_connect(self.database))
                other.autocommit = False
                with other.cursor() as cursor:
                    cursor.execute("UPDATE ar_test_gate SET passed = passed + 1 WHERE name = %s", [name])
                others[other.get_backend_pid()] = other
            schedule = self.start(RUN)
            deadline = time.monotonic() + 240
            while schedule.poll() is None:
                self.assertLess(time.monotonic(), deadline, "the schedules do not end")
                for (blockers,) in self.query(
                    "SELECT pg_blocking_pids(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"
                ):
                    for pid in blockers:
                        if pid in others:
                            others.pop(pid).commit()
                            held += 1
                time.sleep(0.05)
            self.finish(schedule)
        return held

    def test_conflicts_and_failures_stop_nobody_else(self):
        self.run_script(SETUP)
        self.assertEqual(self.run_beside_others(), 3, "each schedule met another transaction")
        self.assertEqual(
            self.states(),
            {
                "dispute": {"a": None, "b": None, "c": "owner"},
                "warning": {"a": False, "b": False, "c": True},
                "statement": {"a": "queued", "b": "failed", "c": "queued"},
            },
        )
        self.run_script(RUN)
        self.assertEqual(
            self.states(),
            {
                "dispute": {"a": "owner", "b": None, "c": "owner"},
                "warning": {"a": True, "b": False, "c": True},
                "statement": {"a": "queued", "b": "failed", "c": "queued"},
            },
        )
        with self.subTest("who failed is said, once, with the reason"):
            self.assertEqual(
                self.query(
                    "SELECT COUNT(*) FROM mail_message message JOIN ar_dispute dispute"
                    " ON message.model = 'ar.dispute' AND message.res_id = dispute.id"
                    " JOIN res_partner partner ON partner.id = dispute.partner_id"
                    " WHERE partner.name = 'Conflict b' AND message.body LIKE '%%Atlantis%%'"
                ),
                [(1,)],
            )
            self.assertEqual(
                self.query(
                    "SELECT COUNT(*) FROM mail_activity activity JOIN ar_credit_profile profile"
                    " ON activity.res_model = 'ar.credit.profile' AND activity.res_id = profile.id"
                    " JOIN res_partner partner ON partner.id = profile.partner_id"
                    " WHERE partner.name = 'Conflict b' AND activity.note LIKE '%%Atlantis%%'"
                ),
                [(1,)],
            )
        with self.subTest("one mail each"):
            self.assertEqual(
                self.query(
                    "SELECT right(partner.name, 1), COUNT(*) FROM mail_message message"
                    " JOIN mail_mail mail ON mail.mail_message_id = message.id"
                    " JOIN ar_statement statement ON message.model = 'ar.statement'"
                    " AND message.res_id = statement.id"
                    " JOIN res_partner partner ON partner.id = statement.partner_id"
                    " WHERE partner.name LIKE 'Conflict _' GROUP BY 1 ORDER BY 1"
                ),
                [("a", 1), ("c", 1)],
            )
