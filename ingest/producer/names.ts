/** Names of many cultures, as people write them, each with the letters an e-mail address uses. */

type NamePart = { readonly written: string; readonly ascii: string }
export type Culture = {
  readonly given: readonly [NamePart, ...NamePart[]]
  readonly family: readonly [NamePart, ...NamePart[]]
  /** Family name first, as in Chinese, Japanese, Korean and Hungarian. */
  readonly familyFirst?: boolean
  /** Between the two parts; default a space. */
  readonly separator?: string
}

export const cultures: readonly [Culture, ...Culture[]] = [
  {
    given: parts('Alice,Oliver,Grace,Henry,Chloe,Liam,Nora,Ethan,Ruby,Callum'),
    family: parts("Baker,Hughes,O'Brien,Turner,Walsh,Clarke,Morgan,Reid,Fraser,Bennett"),
  },
  {
    given: parts(
      'José=jose,María=maria,Lucía=lucia,Andrés=andres,Sofía=sofia,Diego,Inés=ines,Raúl=raul',
    ),
    family: parts('García=garcia,Muñoz=munoz,Núñez=nunez,Fernández=fernandez,Peña=pena,Ríos=rios'),
  },
  {
    given: parts('Jürgen=juergen,Anke,Björn=bjoern,Käthe=kaethe,Lukas,Mareike,Sören=soeren,Heike'),
    family: parts('Müller=mueller,Schröder=schroeder,Weiß=weiss,Vogel,Krüger=krueger,Groß=gross'),
  },
  {
    given: parts('Élodie=elodie,François=francois,Zoé=zoe,Rémi=remi,Hélène=helene,Loïc=loic,Manon'),
    family: parts('Lefèvre=lefevre,Dubois,Benoît=benoit,Garçon=garcon,Moreau,Béranger=beranger'),
  },
  {
    given: parts(
      'Łukasz=lukasz,Zofia,Paweł=pawel,Małgorzata=malgorzata,Jakub,Agnieszka,Michał=michal',
    ),
    family: parts('Wójcik=wojcik,Kowalska,Dąbrowski=dabrowski,Żak=zak,Szymański=szymanski,Lis'),
  },
  {
    given: parts('Иван=ivan,Ольга=olga,Дмитро=dmytro,Анна=anna,Сергій=serhii,Наталія=nataliia'),
    family: parts('Шевченко=shevchenko,Коваль=koval,Петренко=petrenko,Мельник=melnyk,Бойко=boiko'),
  },
  {
    given: parts('伟=wei,芳=fang,敏=min,静=jing,磊=lei,洋=yang,艳=yan,杰=jie'),
    family: parts('王=wang,李=li,张=zhang,刘=liu,陈=chen,杨=yang,黄=huang'),
    familyFirst: true,
    separator: '',
  },
  {
    given: parts('太郎=taro,花子=hanako,健=ken,美咲=misaki,翔=sho,陽子=yoko,大輔=daisuke'),
    family: parts('佐藤=sato,鈴木=suzuki,高橋=takahashi,田中=tanaka,渡辺=watanabe,山本=yamamoto'),
    familyFirst: true,
    separator: ' ',
  },
  {
    given: parts('민준=minjun,서연=seoyeon,지호=jiho,수빈=subin,하은=haeun,도윤=doyun'),
    family: parts('김=kim,이=lee,박=park,최=choi,정=jung,강=kang'),
    familyFirst: true,
    separator: '',
  },
  {
    given: parts('أحمد=ahmed,فاطمة=fatima,يوسف=youssef,ليلى=layla,عمر=omar,مريم=maryam'),
    family: parts('حداد=haddad,المصري=elmasry,منصور=mansour,خليل=khalil,ناصر=nasser'),
  },
  {
    given: parts('Aarav,Priya,Rohan,Ananya,Vikram,Meera,Arjun,Kavya,Ishaan,Divya'),
    family: parts('Sharma,Patel,Iyer,Reddy,Banerjee,Singh,Nair,Deshmukh,Kapoor'),
  },
  {
    given: parts('Chiamaka,Tunde,Adaeze,Babatunde,Ngozi,Emeka,Folasade,Kwame,Amina,Thandiwe'),
    family: parts('Okafor,Adéyẹmí=adeyemi,Mensah,Balogun,Nwosu,Dlamini,Abubakar,Owusu'),
  },
  {
    given: parts(
      'João=joao,Beatriz,Thiago,Conceição=conceicao,Luís=luis,Inês=ines,Caio,Antônia=antonia',
    ),
    family: parts('Gonçalves=goncalves,Araújo=araujo,Magalhães=magalhaes,Simões=simoes,Rocha,Lima'),
  },
  {
    given: parts('Åsa=asa,Øyvind=oyvind,Freja,Sæunn=saeunn,Jón=jon,Mikkel,Päivi=paivi,Ville'),
    family: parts(
      'Lindström=lindstrom,Sørensen=sorensen,Hämäläinen=hamalainen,Þórsdóttir=thorsdottir,Berg',
    ),
  },
  {
    given: parts('Nguyệt=nguyet,Đức=duc,Hương=huong,Tuấn=tuan,Thảo=thao,Bình=binh'),
    family: parts('Nguyễn=nguyen,Trần=tran,Phạm=pham,Đỗ=do,Vũ=vu'),
    familyFirst: true,
  },
  {
    given: parts('Zeynep,Çağla=cagla,Emre,Gökçe=gokce,İbrahim=ibrahim,Şirin=sirin,Oğuz=oguz'),
    family: parts('Yılmaz=yilmaz,Öztürk=ozturk,Şahin=sahin,Kılıç=kilic,Aydın=aydin'),
  },
]

/** `'Ana,Zoé=zoe'`: a part without `=` is written with ASCII letters already. */
function parts(text: string): readonly [NamePart, ...NamePart[]] {
  const [first, ...rest] = text.split(',').map(part)
  return [first ?? part('Ana'), ...rest]
}

function part(text: string): NamePart {
  const [written = text, ascii = written.toLowerCase().replaceAll(/[^a-z]/g, '')] = text.split('=')
  return { written, ascii }
}
