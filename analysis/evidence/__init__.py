"""`make evidence`: what the paper says, held against the models of the shelf, with every table and figure made anew."""
