"""The graph as a picture: layers, places, lines, shapes, and two painters of the same shapes (SVG, PNG)."""
