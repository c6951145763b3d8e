from odoo import api, fields, models
from odoo.tools import SQL


class ArCollectionChance(models.Model):
    """How likely an overdue amount is still recovered, by its age: the prior of the worklist's ranking.

    A table of first days, as ageing buckets are: each line holds until the next one begins.
    """

    _name = "ar.collection.chance"
    _description = "Chance to Recover by Age"
    _order = "day_from"
    _rec_name = "day_from"

    day_from = fields.Integer(
        string="From Day",
        required=True,
        help="Days overdue from which the chance holds, until the next line.",
    )
    chance = fields.Float(
        string="Chance (%)",
        required=True,
        help="Share of the amount that is still recovered at this age. Preset by rule of thumb (80 % below "
        "two years, 20 % above), in steps: replace it by your own experience.",
    )

    _day_uniq = models.Constraint("UNIQUE (day_from)", "Two lines cannot begin on the same day.")
    _chance_range = models.Constraint("CHECK (chance BETWEEN 0 AND 100)", "A chance is between 0 and 100 %.")

    @api.model
    def _chance_sql(self, days: SQL) -> SQL:
        """Return the chance, 0 to 1, of an age; reads :meth:`_table_of_chances_sql` as ``chance``."""
        return SQL(
            "COALESCE(chance.chances[GREATEST(width_bucket(%s, chance.first_days), 1)] / 100.0, 1)::numeric",
            days,
        )

    @api.model
    def _table_of_chances_sql(self) -> SQL:
        """Return one row with all lines: ``first_days``, ``chances``."""
        return SQL(
            """SELECT ARRAY_AGG(day_from ORDER BY day_from) AS first_days,
                      ARRAY_AGG(chance ORDER BY day_from) AS chances
                 FROM ar_collection_chance"""
        )
