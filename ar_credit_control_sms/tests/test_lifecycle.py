from odoo.addons.ar_credit_control.tests.common_database import OwnDatabaseCase


class TestUninstall(OwnDatabaseCase):
    """Leaving is possible: stages and letters go on by mail, and no SMS goes out that nobody follows."""

    def test_letters_go_on_without_the_addon(self):
        output = self.run_script(
            "stage = env['ar.dunning.stage'].search([('send_by', '=', 'email')], limit=1)\n"
            "stage.send_by = 'sms'\n"
            "customer = env['res.partner'].create({'name': 'Left', 'email': 'left@example.com'})\n"
            "customer.phone = '+49 151 23456789'\n"
            "run = env['ar.dunning.run'].create({'policy_id': stage.policy_id.id,\n"
            "    'company_id': stage.policy_id.company_id.id, 'date': '2026-01-01'})\n"
            "letter = env['ar.dunning.letter'].create({'run_id': run.id, 'company_id': run.company_id.id,\n"
            "    'policy_id': run.policy_id.id, 'stage_id': stage.id, 'occurrence': 1, 'date': run.date,\n"
            "    'partner_id': customer.id, 'partner_name': 'Left', 'recipient_id': customer.id,\n"
            "    'channel': 'sms', 'state': 'queued', 'currency_id': run.company_id.currency_id.id})\n"
            "letter._queue_sms()\n"
            "print('QUEUED', env['sms.sms'].search([]).filtered('body').mapped('state'))\n"
            "env.cr.commit()\n"
            "env.ref('base.module_ar_credit_control_sms').button_immediate_uninstall()\n"
        )
        self.assertIn("QUEUED", output)
        self.assertIn("outgoing", output)
        self.assertFalse(self.query("SELECT id FROM sms_sms WHERE state = 'outgoing'"))
        self.assertEqual(
            self.query("SELECT channel, state FROM ar_dunning_letter WHERE partner_name = 'Left'"),
            [("email", "queued")],
        )
        self.assertFalse(self.query("SELECT id FROM ar_dunning_stage WHERE send_by = 'sms'"))
