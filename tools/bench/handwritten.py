"""What a good SQL author would write for the same figures, by hand and without the addon.

Independent of the addon's SQL on purpose: the benchmarks compare the times and also the figures, cent by
cent. Each query is for one company without branches, which is what the generator fills.
"""

# Ageing by customer and first day of the bucket, at the end of a day.
AGEING = """
    WITH later AS (
        SELECT line_id, sum(amount) AS amount
          FROM (
                SELECT debit_move_id AS line_id, amount
                  FROM account_partial_reconcile
                 WHERE company_id = %(company)s AND max_date > %(as_of)s
             UNION ALL
                SELECT credit_move_id, -amount
                  FROM account_partial_reconcile
                 WHERE company_id = %(company)s AND max_date > %(as_of)s
               ) part
      GROUP BY line_id
    ),
    open_item AS (
        SELECT line.partner_id,
               COALESCE(line.date_maturity, line.date) AS due,
               line.amount_residual AS amount
          FROM account_move_line line
          JOIN account_account account ON account.id = line.account_id
         WHERE account.account_type = 'asset_receivable'
           AND line.company_id = %(company)s
           AND line.parent_state = 'posted'
           AND line.reconciled IS NOT TRUE
           AND line.date <= %(as_of)s
     UNION ALL
        SELECT line.partner_id,
               COALESCE(line.date_maturity, line.date),
               later.amount
          FROM later
          JOIN account_move_line line ON line.id = later.line_id
          JOIN account_account account ON account.id = line.account_id
         WHERE account.account_type = 'asset_receivable'
           AND line.parent_state = 'posted'
           AND line.date <= %(as_of)s
    )
    SELECT partner.commercial_partner_id,
           CASE WHEN %(as_of)s::date - due <= 0 THEN 0
                WHEN %(as_of)s::date - due <= 30 THEN 1
                WHEN %(as_of)s::date - due <= 60 THEN 31
                WHEN %(as_of)s::date - due <= 90 THEN 61
                WHEN %(as_of)s::date - due <= 180 THEN 91
                WHEN %(as_of)s::date - due <= 365 THEN 181
                ELSE 366 END AS first_day,
           sum(amount)
      FROM open_item
 LEFT JOIN res_partner partner ON partner.id = open_item.partner_id
  GROUP BY 1, 2
"""

# Exposure, its parts, what is overdue, limit and status by customer, today: the figures of the addon.
EXPOSURE = """
    WITH rate AS (
        SELECT DISTINCT ON (currency_id) currency_id, rate
          FROM res_currency_rate
         WHERE name <= %(today)s::date AND (company_id = %(company)s OR company_id IS NULL)
      ORDER BY currency_id, company_id, name DESC
    ),
    setting AS (
        SELECT max(days) FILTER (WHERE kind = 'overdue') AS days,
               COALESCE(max(min_amount) FILTER (WHERE kind = 'overdue'), 0) AS smallest,
               COALESCE(max(share_percent) FILTER (WHERE kind = 'overdue'), 0)::numeric / 100 AS share,
               COALESCE(max(tolerance_percent) FILTER (WHERE kind = 'limit'), 0)::numeric / 100 AS tolerance,
               COALESCE(NULLIF(max(tolerance_amount) FILTER (WHERE kind = 'limit'), 0), 1e15) AS most
          FROM ar_credit_rule
         WHERE company_id = %(company)s AND active
    ),
    item AS (
        SELECT partner.commercial_partner_id AS partner_id,
               line.amount_residual AS amount,
               COALESCE(line.date_maturity, line.date) AS due
          FROM account_move_line line
          JOIN account_account account ON account.id = line.account_id
          JOIN res_partner partner ON partner.id = line.partner_id
         WHERE account.account_type = 'asset_receivable'
           AND account.non_trade IS NOT TRUE
           AND line.company_id = %(company)s
           AND line.parent_state = 'posted'
           AND line.reconciled IS NOT TRUE
    ),
    part AS (
        SELECT partner_id,
               sum(amount) AS receivable,
               sum(amount) FILTER (WHERE amount > 0 AND due < %(today)s::date) AS overdue,
               -sum(amount) FILTER (WHERE amount < 0) AS unapplied,
               sum(amount) FILTER (
                   WHERE amount >= smallest AND amount > 0 AND %(today)s::date - due > days
               ) AS late,
               min(due) FILTER (WHERE amount > 0 AND due < %(today)s::date) AS oldest,
               NULL::numeric AS draft_invoice,
               NULL::numeric AS "order"
          FROM item, setting
      GROUP BY partner_id
     UNION ALL
        SELECT partner.commercial_partner_id,
               NULL, NULL, NULL, NULL, NULL,
               sum(CASE WHEN move.move_type = 'out_refund' THEN -1 ELSE 1 END
                   * move.amount_total / COALESCE(rate.rate, 1)),
               NULL
          FROM account_move move
          JOIN res_partner partner ON partner.id = move.partner_id
     LEFT JOIN rate ON rate.currency_id = move.currency_id
         WHERE move.state = 'draft'
           AND move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
           AND move.company_id = %(company)s
      GROUP BY 1
     UNION ALL
        SELECT partner.commercial_partner_id,
               NULL, NULL, NULL, NULL, NULL, NULL,
               sum(line.price_total / line.product_uom_qty
                   * (GREATEST(line.product_uom_qty, line.qty_delivered) - line.qty_invoiced)
                   / COALESCE(rate.rate, 1))
          FROM sale_order_line line
          JOIN sale_order sale ON sale.id = line.order_id
          JOIN res_partner partner ON partner.id = sale.partner_invoice_id
     LEFT JOIN rate ON rate.currency_id = sale.currency_id
         WHERE line.state = 'sale'
           AND sale.state = 'sale'
           AND line.company_id = %(company)s
           AND line.product_uom_qty != 0
           AND line.qty_invoiced < GREATEST(line.product_uom_qty, line.qty_delivered)
      GROUP BY 1
    ),
    total AS (
        SELECT partner_id,
               COALESCE(sum(receivable), 0) AS receivable,
               COALESCE(sum(overdue), 0) AS overdue,
               COALESCE(sum(unapplied), 0) AS unapplied,
               COALESCE(sum(late), 0) AS late,
               min(oldest) AS oldest,
               COALESCE(round(sum(draft_invoice), 2), 0) AS draft_invoice,
               COALESCE(round(sum("order"), 2), 0) AS "order"
          FROM part
      GROUP BY partner_id
    ),
    figure AS (
        SELECT COALESCE(total.partner_id, profile.partner_id) AS partner_id,
               COALESCE(receivable, 0) AS receivable,
               COALESCE(overdue, 0) AS overdue,
               COALESCE(unapplied, 0) AS unapplied,
               COALESCE(draft_invoice, 0) AS draft_invoice,
               COALESCE("order", 0) AS "order",
               COALESCE(receivable + draft_invoice + "order", 0) AS exposure,
               COALESCE(late, 0) AS late,
               oldest,
               profile.id AS profile_id,
               profile.rating_id,
               profile.hold_override,
               profile.limit_set IS TRUE AS limit_set,
               CASE WHEN profile.limit_set THEN profile."limit" ELSE 0 END AS "limit"
          FROM total
     FULL JOIN (SELECT * FROM ar_credit_profile WHERE company_id = %(company)s AND active) profile
            ON profile.partner_id = total.partner_id
    )
    SELECT figure.*,
           CASE WHEN limit_set THEN "limit" - exposure END AS available,
           COALESCE(%(today)s::date - oldest, 0) AS overdue_days,
           CASE WHEN hold_override = 'block' THEN 'blocked'
                WHEN hold_override IS NULL
                 AND (limit_set AND ("limit" <= 0
                                     OR exposure > round("limit" + LEAST("limit" * tolerance, most), 2))
                      OR receivable > 0 AND late > round(receivable * share, 2))
                THEN 'hold'
                WHEN oldest IS NOT NULL
                THEN 'warning'
                ELSE 'ok'
           END AS status
      FROM figure, setting
"""

# Every open item with what the workbook shows of it; the last column is the bucket, from 0.
ITEMS = """
    SELECT partner.complete_name,
           line.move_name,
           move.invoice_date,
           COALESCE(line.date_maturity, line.date) AS due,
           CURRENT_DATE - COALESCE(line.date_maturity, line.date) AS days,
           currency.name,
           line.amount_residual_currency::float,
           line.amount_residual::float,
           width_bucket(CURRENT_DATE - COALESCE(line.date_maturity, line.date),
                        ARRAY[1, 31, 61, 91, 181, 366]) AS bucket
      FROM account_move_line line
      JOIN account_account account ON account.id = line.account_id
      JOIN account_move move ON move.id = line.move_id
      JOIN res_currency currency ON currency.id = line.currency_id
 LEFT JOIN res_partner contact ON contact.id = line.partner_id
 LEFT JOIN res_partner partner ON partner.id = contact.commercial_partner_id
     WHERE account.account_type = 'asset_receivable'
       AND line.company_id = %(company)s
       AND line.parent_state = 'posted'
       AND line.reconciled IS NOT TRUE
  ORDER BY partner.complete_name, partner.id, due
"""

# Expected loss by open item at the end of a day, written as lines of a run: credits of a customer set off
# against that customer's oldest items, then the rate of the age. Nothing is covered or assessed by a person
# in the generated ledger, so this leaves out what the addon looks up for that.
PROVISION = """
    INSERT INTO ar_provision_line (
           run_id, create_uid, create_date, write_uid, write_date,
           move_line_id, move_id, account_id, partner_id, partner_name, company_id, currency_id, name, ref,
           invoice_date, date_maturity, days_past_due, bucket_id, rating_id, treatment,
           gross, gross_currency, "offset", covered, tax_share, base_rate, rating_factor, rate, cover_rate,
           valuation, amount, amount_currency)
    WITH later AS (
        SELECT debit_move_id AS line_id, amount, debit_amount_currency AS amount_currency
          FROM account_partial_reconcile
         WHERE company_id = %(company)s AND max_date > %(as_of)s
     UNION ALL
        SELECT credit_move_id, -amount, -credit_amount_currency
          FROM account_partial_reconcile
         WHERE company_id = %(company)s AND max_date > %(as_of)s
    ),
    open_item AS (
        SELECT id, sum(amount) AS amount, sum(amount_currency) AS amount_currency
          FROM (
                SELECT id, amount_residual AS amount, amount_residual_currency AS amount_currency
                  FROM account_move_line
                 WHERE company_id = %(company)s AND parent_state = 'posted' AND reconciled IS NOT TRUE
             UNION ALL
                SELECT line_id, amount, amount_currency FROM later
               ) part
      GROUP BY id
        HAVING sum(amount) != 0 OR sum(amount_currency) != 0
    ),
    step AS (
        SELECT bucket.id AS bucket_id,
               rate.rate,
               CASE WHEN bucket.age_from = min(bucket.age_from) OVER () THEN -100000
                    ELSE bucket.age_from END AS first_day,
               COALESCE(lead(bucket.age_from) OVER (ORDER BY bucket.age_from), 100000) AS next_day
          FROM ar_provision_bucket bucket
          JOIN ar_provision_rate rate ON rate.bucket_id = bucket.id
         WHERE rate.matrix_id = %(matrix)s AND rate.segment_id IS NULL
    ),
    item AS (
        SELECT line.id, line.move_id, line.account_id, line.company_id, line.currency_id,
               move.name, move.ref, COALESCE(move.invoice_date, line.date) AS invoice_date,
               partner.id AS partner_id,
               COALESCE(partner.complete_name, partner.name) AS partner_name,
               COALESCE(line.date_maturity, line.date) AS due,
               open_item.amount, open_item.amount_currency
          FROM open_item
          JOIN account_move_line line ON line.id = open_item.id
          JOIN account_account account ON account.id = line.account_id
          JOIN account_move move ON move.id = line.move_id
     LEFT JOIN res_partner contact ON contact.id = line.partner_id
     LEFT JOIN res_partner partner ON partner.id = contact.commercial_partner_id
         WHERE account.account_type = 'asset_receivable'
           AND line.parent_state = 'posted'
           AND line.date <= %(as_of)s
    ),
    valued AS (
        SELECT item.*,
               step.bucket_id,
               step.rate,
               CASE WHEN amount <= 0 THEN 'credit'
                    WHEN partner_id IN (SELECT partner_id FROM res_company) THEN 'group'
                    ELSE 'matrix' END AS treatment,
               CASE WHEN amount > 0 AND partner_id IS NOT NULL
                    THEN LEAST(amount, GREATEST(credits - claims_before, 0)) ELSE 0 END AS set_off
          FROM (
                SELECT item.*,
                       COALESCE(-sum(amount) FILTER (WHERE amount < 0) OVER (PARTITION BY partner_id), 0)
                           AS credits,
                       sum(GREATEST(amount, 0)) OVER (PARTITION BY partner_id ORDER BY due, id)
                           - GREATEST(amount, 0) AS claims_before
                  FROM item
               ) item
          JOIN step ON %(as_of)s::date - due >= first_day AND %(as_of)s::date - due < next_day
    ),
    loss AS (
        SELECT valued.*,
               CASE WHEN treatment = 'matrix'
                    THEN round((valued.amount - set_off) * rate / 100, 2) ELSE 0 END AS loss
          FROM valued
    )
    SELECT %(run)s, 1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC',
           loss.id, move_id, account_id, loss.partner_id, partner_name, loss.company_id, loss.currency_id,
           loss.name, loss.ref, invoice_date, due, %(as_of)s::date - due, bucket_id, profile.rating_id,
           treatment,
           amount, amount_currency, set_off, 0, 0,
           CASE WHEN treatment = 'matrix' THEN rate END, CASE WHEN treatment = 'matrix' THEN 1 END,
           CASE WHEN treatment = 'matrix' THEN rate ELSE 0 END, 0, 1, loss,
           CASE WHEN amount = 0 THEN 0
                ELSE round(loss * amount_currency / amount, currency.decimal_places) END
      FROM loss
      JOIN res_currency currency ON currency.id = loss.currency_id
 LEFT JOIN ar_credit_profile profile
        ON profile.partner_id = loss.partner_id AND profile.company_id = %(company)s
"""
