"""The main job from end to end on a sample: in, out over real HTTP, interrupted, resumed, and every byte checked."""
