"""What puts a mutant into the processes of a stand-in, and tells what it does there."""
