"""Quality of annotations, for teaching: one beside a reference, many beside each other, and the picture of where.

comparison = ax.quality.compare(annotation, reference, image=pixels)
ratings = ax.quality.rate({"ana": mask, "ben": mask_2, "eva": mask_3}, classes=["myelin", "axon"])
ax.quality.krippendorff_alpha(ratings.band()), ax.quality.staple(ratings).mask
"""

from .agreement import PairMatrix, cohen_kappa, fleiss_kappa, krippendorff_alpha, pairwise, rating_table
from .boundary import BoundaryDistances, boundary_distances, boundary_iou, outline_lengths
from .comparison import Comparison, compare, self_agreement
from .consensus import Consensus, majority, staple
from .figures import agreement_figure, consensus_figure
from .findings import Finding
from .instances import Instances, Labels, as_instances, from_annotation, from_ids, from_mask
from .matching import Matching, match
from .ratings import MISSING, Ratings, rate
from .scores import ClassComparison
from .turns import turned, turned_back

__all__ = [
    "MISSING",
    "BoundaryDistances",
    "ClassComparison",
    "Comparison",
    "Consensus",
    "Finding",
    "Instances",
    "Labels",
    "Matching",
    "PairMatrix",
    "Ratings",
    "agreement_figure",
    "as_instances",
    "boundary_distances",
    "boundary_iou",
    "cohen_kappa",
    "compare",
    "consensus_figure",
    "fleiss_kappa",
    "from_annotation",
    "from_ids",
    "from_mask",
    "krippendorff_alpha",
    "majority",
    "match",
    "outline_lengths",
    "pairwise",
    "rate",
    "rating_table",
    "self_agreement",
    "staple",
    "turned",
    "turned_back",
]
