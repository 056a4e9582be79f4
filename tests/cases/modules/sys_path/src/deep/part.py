def part():
    return 'part'
