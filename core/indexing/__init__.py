"""scan -> diff -> decode -> encode -> store, as generators."""
