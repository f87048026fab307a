"""Tables (pandas) and figures (plotly) of what a model has learned; usable in a notebook by itself.

import analysis
one = analysis.open_checkpoint("model/shelf/classics-adaptive/checkpoints/step-00009800")  # or its address at a service
one.spans_figure()
"""

from analysis.checkpoints import Checkpoint, open_checkpoint
from analysis.compare import spans_side_by_side
from analysis.compare_figures import cost_figure, side_by_side_figure
from analysis.figures import along_figure, map_figure, spans_figure
from analysis.heads import bins_table, head_figure, heads_table
from analysis.published import published_table
from analysis.spans import spans_table, statistics_by_layer, statistics_over_all
from analysis.texts import read_text
from analysis.use import distribution_figure, reach_figure

__all__ = [
    "Checkpoint",
    "along_figure",
    "bins_table",
    "cost_figure",
    "distribution_figure",
    "head_figure",
    "heads_table",
    "map_figure",
    "open_checkpoint",
    "published_table",
    "reach_figure",
    "read_text",
    "side_by_side_figure",
    "spans_figure",
    "spans_side_by_side",
    "spans_table",
    "statistics_by_layer",
    "statistics_over_all",
]
