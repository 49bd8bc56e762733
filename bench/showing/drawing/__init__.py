"""What several figures share: their style, the band of failures, ticks, panels by family. No figure itself."""
