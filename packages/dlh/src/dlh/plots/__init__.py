"""Figures of the notebooks, one module for each assignment, and `shared` for what all of them use."""

from dlh.plots.clinical_notes import band_curves, draw_heads, draw_labels, draw_notes, draw_reading, draw_transformer
from dlh.plots.ecg_lstm import accuracy_intervals, draw_lstm_cell, draw_memory, draw_states_over_time, training_curves
from dlh.plots.mina import draw_attention, draw_channels, draw_mina, draw_roc_pr, draw_threshold
from dlh.plots.seq2seq import LiveCurves, draw_autoencoder, draw_reconstruction, match_groups, scatter_panels
from dlh.plots.shared import COLORS, show
from dlh.plots.som_vae import (
    draw_images,
    draw_lorenz,
    draw_map,
    draw_node,
    draw_som_vae,
    draw_states,
    draw_walk,
    u_matrix,
)

__all__ = [
    "COLORS",
    "LiveCurves",
    "accuracy_intervals",
    "band_curves",
    "draw_attention",
    "draw_autoencoder",
    "draw_channels",
    "draw_heads",
    "draw_images",
    "draw_labels",
    "draw_lorenz",
    "draw_lstm_cell",
    "draw_map",
    "draw_memory",
    "draw_mina",
    "draw_node",
    "draw_notes",
    "draw_reading",
    "draw_reconstruction",
    "draw_roc_pr",
    "draw_som_vae",
    "draw_states",
    "draw_states_over_time",
    "draw_threshold",
    "draw_transformer",
    "draw_walk",
    "match_groups",
    "scatter_panels",
    "show",
    "training_curves",
    "u_matrix",
]
