"""Worker processes of this machine: started, limited, killed and cleaned up after."""
