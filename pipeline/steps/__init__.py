"""One step, one file, in the order of the data. Each is resumable: run it again and it goes on, or says it is done."""
