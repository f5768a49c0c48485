"""What a notebook shows of a prediction: its picture, how much of each class there is, and how it was made."""

from __future__ import annotations

import html

from .looking import prediction_picture
from .predictions import Prediction, PredictionInfo, class_colours
from .thumbnails import jpeg_uri


def prediction_html(prediction: Prediction) -> str:
    """A picture and a table; HTML that needs no other file."""
    info, image = prediction.info, prediction.image
    picture = jpeg_uri(prediction_picture(image, info.model))
    rows = "".join(
        f'<tr><td style="text-align:left"><span style="color:rgb{colour}">&#9632;</span> {html.escape(name)}</td>'
        f"<td>{100 * info.area_share.get(name, 0):.1f} %</td><td>{_objects(info, name)}</td></tr>"
        for name, colour in class_colours(info.classes, image.colours).items()
    )
    return (
        f'<img style="max-width:100%" alt="{html.escape(repr(prediction), quote=True)}" src="{picture}">'
        f"<table><thead><tr><th>class</th><th>area</th><th>objects</th></tr></thead><tbody>{rows}</tbody></table>"
        f"<p>{html.escape(how_it_was_made(info))}</p>"
    )


def _objects(info: PredictionInfo, name: str) -> str:
    return "" if info.objects is None else str(info.objects.get(name, 0))


def how_it_was_made(info: PredictionInfo) -> str:
    """Model, pixel size, time and separation as one line."""
    sha = f" ({info.model_sha256[:12]})" if info.model_sha256 else ""
    facts = [f"Image {info.image} by model {info.model}{sha}"]
    if info.resampled:
        facts.append(
            f"shown to the model at {info.model_pixel_size_um:g} µm per pixel, the image has {info.pixel_size_um:g}"
        )
    else:
        facts.append(f"{info.pixel_size_um:g} µm per pixel")
    turns = info.options.get("turns", 1)
    if turns > 1:
        facts.append(f"mean of {turns} turned and mirrored views")
    if info.instances_by is not None:
        least = f", from {info.min_area_um2:g} µm² on" if info.min_area_um2 else ""
        facts.append(f"objects told apart by {info.instances_by}{least}")
    if info.seconds is not None:
        facts.append(f"{info.seconds:.1f} s")
    return "; ".join(facts) + "."
