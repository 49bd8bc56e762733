"""How work lies on a device: windows and blocks of time, several devices, and what each choice costs there."""
