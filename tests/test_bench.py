"""The generated ledger is one that Odoo could have booked, and the hand-written SQL beside it is right."""

import os
import unittest
from contextlib import closing

from odoo.tests import TransactionCase, tagged

from tools import odoo_env
from tools.bench import generator, measures

SIZE = 300
INDEXES = "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname"


class GeneratorTest(unittest.TestCase):
    __test__ = "AR_POSTGRES_PRIVATE" in os.environ  # the database server of make test

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        databases = odoo_env.databases()
        cls.database = databases.name(f"test_{os.getpid()}_generator")
        databases.copy(databases.ensure_base(), cls.database)
        cls.addClassCleanup(databases.drop, cls.database)
        cls.steps = []
        cls.indexes = cls.query(INDEXES)
        with closing(databases.connect(cls.database)) as connection:
            generator.generate(connection, SIZE, cls.steps.append)

    @classmethod
    def query(cls, statement):
        with (
            closing(odoo_env.databases().connect(cls.database)) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
            return cursor.fetchall()

    def test_every_step_is_told(self):
        self.assertEqual(len(self.steps), generator.COUNT)

    def test_size(self):
        rows = self.query(
            """
            SELECT payment_state = 'paid', count(*)
              FROM account_move
             WHERE name LIKE 'BENCH/%' AND state = 'posted'
          GROUP BY 1
            """
        )
        self.assertEqual(dict(rows), {False: SIZE, True: 2 * SIZE})

    def test_entries_balance(self):
        unbalanced = self.query(
            """
            SELECT move_id
              FROM account_move_line
          GROUP BY move_id
            HAVING sum(balance) != 0 OR sum(amount_currency) FILTER (WHERE move_name LIKE 'BENCH%') != 0
            """
        )
        self.assertEqual(unbalanced, [])

    def test_residual_amounts_follow_from_the_matchings(self):
        wrong = self.query(
            """
            SELECT line.id
              FROM account_move_line line
              JOIN account_account account ON account.id = line.account_id
         LEFT JOIN LATERAL (
                   SELECT COALESCE(sum(amount), 0) AS amount
                     FROM account_partial_reconcile
                    WHERE debit_move_id = line.id
                   ) debit ON TRUE
         LEFT JOIN LATERAL (
                   SELECT COALESCE(sum(amount), 0) AS amount
                     FROM account_partial_reconcile
                    WHERE credit_move_id = line.id
                   ) credit ON TRUE
             WHERE account.account_type = 'asset_receivable'
               AND line.move_name LIKE 'BENCH%'
               AND (line.amount_residual != line.balance - debit.amount + credit.amount
                    OR line.reconciled != (line.amount_residual = 0))
            """
        )
        self.assertEqual(wrong, [])

    def test_all_indexes_are_back(self):
        self.assertEqual(self.query(INDEXES), self.indexes)


@tagged("post_install", "-at_install")
class HandwrittenTest(TransactionCase):
    def test_ageing_of_the_demo_data(self):
        """Two ways to the same figures: instalments, currencies, credit notes, receipts and entries."""
        for days_back in (0, 30, 100, 300):
            with self.subTest(days_back=days_back):
                figures = measures.ageing(self.env, days_back, repeat=1)
                self.assertTrue(figures["equal"])
                self.assertTrue(figures["total"])
