from odoo import api, models

# What decides how much of a finished move went out to the customer.
WATCHED_FIELDS = {"quantity", "product_uom_id", "location_id", "location_dest_id", "move_id", "picking_id"}


class StockMoveLine(models.Model):
    """A finished delivery that is corrected upwards hands over more goods."""

    _inherit = "stock.move.line"

    @api.model_create_multi
    def create(self, vals_list):
        done = any(self._credit_is_for_done(vals) for vals in vals_list)
        with self.env["stock.move"]._credit_undo(done):
            lines = super().create(vals_list)
            if done:
                delivered = lines._credit_get_delivered()
                lines.filtered(lambda line: delivered[line.id] > 0).move_id._credit_refuse()
        return lines

    def write(self, vals):
        if not WATCHED_FIELDS.intersection(vals) or not any(line.state == "done" for line in self):
            return super().write(vals)
        before = self._credit_get_delivered()
        with self.env["stock.move"]._credit_undo(True):
            result = super().write(vals)
            after = self._credit_get_delivered()
            self.filtered(lambda line: after[line.id] > before[line.id]).move_id._credit_refuse()
        return result

    @api.model
    def _credit_is_for_done(self, vals):
        """Whether a new line belongs to what is done already."""
        move = self.env["stock.move"].browse(vals.get("move_id"))
        picking = self.env["stock.picking"].browse(vals.get("picking_id"))
        return "done" in (move.state, picking.state)

    def _credit_get_delivered(self):
        """Quantity of finished lines that went out to a customer, by line id, in the product's unit."""
        return {
            line.id: line.quantity_product_uom
            if line.state == "done"
            and line.location_dest_id._credit_is_outside()
            and not line.location_id._credit_is_outside()
            else 0.0
            for line in self.sudo()  # places, whatever the user may open
        }
