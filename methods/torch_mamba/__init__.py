"""Training the published Mamba-2 block in torch. All that imports torch is here, and is imported only when it is used."""
