import { makeContext } from "@web/core/context";
import { serializeDate, today } from "@web/core/l10n/dates";

/**
 * Adds the date and the basis of the ageing to a search model. They are part of the context of every
 * request of the view and survive switching between list, pivot and graph.
 */
export const withAging = (SearchModel) =>
    class AgingSearchModel extends SearchModel {
        async load(config) {
            const { ar_as_of, ar_aging_by } = config.context || {};
            this.aging = { asOf: ar_as_of || serializeDate(today()), by: ar_aging_by || "due" };
            await super.load(...arguments);
        }

        exportState() {
            return { ...super.exportState(), aging: this.aging };
        }

        /** Change the date or the basis and reload the view. */
        setAging(changes) {
            this.aging = { ...this.aging, ...changes };
            this._notify();
        }

        /** Show only the items of one filter of the search view, by name. */
        activateFilter(name) {
            const [item] = this.getSearchItems((searchItem) => searchItem.name === name);
            if (item && !item.isActive) {
                this.toggleSearchItem(item.id);
            }
        }

        _importState(state) {
            super._importState(...arguments);
            this.aging = state.aging || this.aging;
        }

        _getContext() {
            if (this.describingFavorite) {
                return super._getContext();
            }
            return makeContext([
                super._getContext(),
                { ar_as_of: this.aging.asOf, ar_aging_by: this.aging.by },
            ]);
        }

        /** A saved favourite keeps filters and groups, not the date of the day it was saved. */
        _getIrFilterDescription() {
            this.describingFavorite = true;
            try {
                return super._getIrFilterDescription(...arguments);
            } finally {
                this.describingFavorite = false;
            }
        }
    };
