"""The invented example that stands one click away."""

from __future__ import annotations

# Invented from beginning to end, and never translated: the model reads English.
EXAMPLE_TEXT = (
    "NVX-417 restrains angiogenesis and lung metastasis in a mouse model of triple-negative "
    "breast cancer\n"
    "\n"
    "Triple-negative breast cancer often spreads early and has few targeted treatments. We "
    "examined NVX-417, an invented small molecule that blocks the kinase LRK9, in cell culture "
    "and in mice. NVX-417 lowered the secretion of vascular endothelial growth factor (VEGF) by "
    "62% and kept endothelial cells from forming tubes. Microvessel density in treated tumors "
    "fell to less than half of that in controls. Migration and invasion through Matrigel "
    "decreased, and E-cadherin was restored while vimentin and N-cadherin were lost. Treated "
    "mice developed fewer lung metastases than controls (median 3 versus 17; p < 0.01). Cleaved "
    "caspase-3 was found in a minority of tumor cells, which suggests a modest induction of "
    "apoptosis. Body weight and blood counts did not change. Blocking LRK9 may therefore slow "
    "the formation of new vessels and the spread of triple-negative breast cancer."
)
