"""Several pollers in one township: the keeper decides what is asked, members of the crew ask. See design note 28."""
