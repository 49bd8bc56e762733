"""What asv watches from commit to commit: cost and accuracy of the solvers at pinned sizes, start-up of the command line.

asv imports this folder from the working tree, as `regression`, and everything else from the commit it measures. So the modules
here import the project only where they use it, and ask of it no more than its public functions.
"""
